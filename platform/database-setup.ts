import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { priorities } from './cluster/priority-classes.ts';
import type { Connections } from './connections.ts';
import { containerSecurity, labels, podSecurity, resources, uids } from './hardening.ts';
import type { PlatformInputs } from './load-settings.ts';
import type { ServerCa } from './postgres/server-ca.ts';
import type { PlatformSecrets } from './platform-secrets.ts';

export interface DatabaseSetupArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  connections: Connections;
  secrets: PlatformSecrets;
  ca: ServerCa;
}

/**
 * A Job that makes databases and roles and brings the control schema up to date, before the services start. Named after what it was
 * made from: a new image or password is a new Job, anything else is none.
 */
export class DatabaseSetup extends pulumi.ComponentResource {
  readonly job: kubernetes.batch.v1.Job;
  /** Name of the Secret that it reads. */
  readonly secret: pulumi.Output<string>;

  constructor(name: string, args: DatabaseSetupArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:DatabaseSetup', name, {}, options);
    const { namespace, connections, secrets, settings } = args;
    const child = { parent: this };
    const image = args.images['control-api'];
    // Left out where there are none: a Job's pods can't be changed.
    const { volumes, volumeMounts } = args.ca.volumes.length === 0 ? {} : args.ca;
    const priorityClassName = priorities.services.name;
    const stringData = {
      ADMIN_DATABASE_URL: connections.controlAdmin,
      TENANTS_ADMIN_DATABASE_URL: connections.tenantsAdmin,
      CONTROL_DB_PASSWORD: secrets.controlDb,
      STATE_DB_PASSWORD: secrets.stateDb,
      PROVISIONER_DB_PASSWORD: secrets.provisionerDb,
      PROXY_DB_PASSWORD: secrets.proxyDb,
      TENANTS_DB_PASSWORD: secrets.tenantsDb,
      BACKUP_DB_PASSWORD: secrets.backupDb,
    };
    const secret = new kubernetes.core.v1.Secret(name, { metadata: { name, namespace }, stringData }, child);
    this.secret = secret.metadata.name;
    const suffix = pulumi.unsecret(
      pulumi.output(stringData).apply((values) =>
        createHash('sha256')
          .update(JSON.stringify([image, values, priorityClassName]))
          .digest('hex')
          .slice(0, 10),
      ),
    );
    this.job = new kubernetes.batch.v1.Job(
      name,
      {
        metadata: { name: pulumi.interpolate`${name}-${suffix}`, namespace, labels: labels(name) },
        spec: {
          backoffLimit: 5,
          template: {
            metadata: { labels: labels(name) },
            spec: {
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              restartPolicy: 'OnFailure',
              securityContext: podSecurity(uids.app),
              priorityClassName,
              containers: [
                {
                  name,
                  image,
                  imagePullPolicy: settings.imagePullPolicy,
                  command: ['node', '/app/setup-database.mjs'],
                  envFrom: [{ secretRef: { name: secret.metadata.name } }],
                  resources: resources(settings.workloads.controlApi),
                  securityContext: containerSecurity,
                  volumeMounts,
                },
              ],
              volumes,
            },
          },
        },
      },
      { ...child, customTimeouts: { create: '3m' }, deleteBeforeReplace: false },
    );
    this.registerOutputs();
  }
}
