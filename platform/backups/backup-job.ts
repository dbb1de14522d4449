import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import { priorities } from '../cluster/priority-classes.ts';
import { containerSecurity, labels, podSecurity, resources, scratchVolume, uids } from '../hardening.ts';
import type { ServerCa } from '../postgres/server-ca.ts';
import type { PlatformSettings } from '../settings.ts';
import { backupsFolder } from './backup-environment.ts';
import type { BackupSettings } from './backup-settings.ts';

export type BackupPart = 'backup' | 'restore';

interface JobArgs {
  part: BackupPart;
  settings: BackupSettings;
  /** Of the volume, where there is one. */
  claim: pulumi.Input<string> | undefined;
  ca: ServerCa;
  initContainers?: input.core.v1.Container[];
  containers: input.core.v1.Container[];
}

const keptSeconds = 86_400;

/** A pod that ends by itself. It is not started again: its next run is the schedule's, or the operator's. */
export function backupJob({ part, settings, claim, ca, initContainers, containers }: JobArgs): input.batch.v1.JobTemplateSpec {
  return {
    metadata: { labels: labels(part) },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: settings.timeLimitMinutes * 60,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        metadata: { labels: labels(part) },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'Never',
          securityContext: podSecurity(uids.app),
          priorityClassName: priorities.services.name,
          terminationGracePeriodSeconds: 40,
          initContainers,
          containers,
          volumes: [
            scratchVolume('tmp', settings),
            ...ca.volumes,
            ...(claim === undefined ? [] : [{ name: 'backups', persistentVolumeClaim: { claimName: claim } }]),
          ],
        },
      },
    },
  };
}

interface ContainerArgs {
  image: string;
  settings: PlatformSettings;
  secret: pulumi.Input<string>;
  ca: ServerCa;
}

/** The backup service's program. */
export function programContainer({
  part,
  args,
  env,
  mountsVolume,
  image,
  settings,
  secret,
  ca,
}: ContainerArgs & {
  part: BackupPart;
  args: string[];
  env: Record<string, string>;
  mountsVolume: boolean;
}): input.core.v1.Container {
  return {
    name: part,
    image,
    imagePullPolicy: settings.imagePullPolicy,
    args,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    envFrom: [{ secretRef: { name: secret } }],
    resources: resources(settings.backups),
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(mountsVolume ? [{ name: 'backups', mountPath: backupsFolder }] : []),
      ...ca.volumeMounts,
    ],
  };
}

/** The database setup, as it runs before the services start. */
export function setupContainer({ image, settings, secret, ca }: ContainerArgs): input.core.v1.Container {
  return {
    name: 'database-setup',
    image,
    imagePullPolicy: settings.imagePullPolicy,
    command: ['node', '/app/setup-database.mjs'],
    envFrom: [{ secretRef: { name: secret } }],
    resources: resources(settings.workloads.controlApi),
    securityContext: containerSecurity,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...ca.volumeMounts],
  };
}
