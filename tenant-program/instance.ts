import { basename } from 'node:path';
import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, CustomResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { checksum, configurationAnnotation } from './checksum.ts';
import { databaseCaFile } from './database-objects.ts';
import { generatedSecret } from './generated-secret.ts';
import { instanceConfiguration, ownersSecrets } from './instance-environment.ts';
import { instancePodSpec } from './instance-pod.ts';
import { isAutoscaled, surge } from './instance-pods.ts';
import type { TenantNamespace } from './namespace.ts';
import type { TenantSpec } from './spec.ts';
import { namespacedOptions, skipAwait, workloadLabels, workloadOptions, workloadSelector } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantInstanceArgs {
  context: TenantContext;
  namespace: TenantNamespace;
  serviceAccountName: Output<string>;
  databaseUrl: Output<string>;
  /** Of the database server's authority, in PEM. */
  databaseCa: string | undefined;
  redisUrl: Output<string>;
  /** What must exist before a pod may start: its network policies. */
  dependsOn: Resource[];
}

/** The AuthSome workload: configured by a ConfigMap and a Secret alone, migrates its own database before it starts. */
export class TenantInstance extends ComponentResource {
  /** Secret: what the proxy shows the instance. */
  readonly token: Output<string>;

  constructor(name: string, args: TenantInstanceArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Instance', name, {}, options);
    const { context, namespace, serviceAccountName } = args;
    const { spec } = context;
    const labels = workloadLabels(context, 'instance');
    const selector = workloadSelector('instance');
    const metadata = { name: 'instance', namespace: namespace.name, labels };
    const childOptions = namespacedOptions(this, namespace.namespace);

    this.token = generatedSecret(`${name}-token`, this);
    const configuration = instanceConfiguration(spec);
    const secrets = {
      DATABASE_URL: args.databaseUrl,
      REDIS_URL: args.redisUrl,
      INSTANCE_TOKEN: this.token,
      AUTH_SECRET: generatedSecret(`${name}-auth-secret`, this),
      ...ownersSecrets(spec.config),
    };
    const configMap = new kubernetes.core.v1.ConfigMap(name, { metadata, data: configuration }, childOptions);
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: secrets }, childOptions);

    const ca =
      args.databaseCa === undefined ? undefined : makeDatabaseCa(`${name}-database-ca`, args.databaseCa, { metadata, childOptions });

    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, name: 'authsome', annotations: skipAwait },
        spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      },
      childOptions,
    );
    new kubernetes.apps.v1.Deployment(
      name,
      {
        // An autoscaler that is taken away, or set aside by a suspension, still owns the replicas as the cluster sees it.
        metadata: { ...metadata, annotations: { 'pulumi.com/patchForce': 'true' } },
        spec: {
          ...replicas(spec),
          progressDeadlineSeconds: 150,
          revisionHistoryLimit: 2,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: surge } },
          selector: { matchLabels: selector },
          template: {
            metadata: {
              labels,
              annotations: {
                [configurationAnnotation]: checksum(configuration, secrets),
                ...(spec.restartedAt && { 'authsome.cloud/restarted-at': spec.restartedAt }),
              },
            },
            spec: instancePodSpec({
              spec,
              serviceAccountName,
              configMapName: configMap.metadata.name,
              secretName: secret.metadata.name,
              databaseCaName: ca?.metadata.name,
            }),
          },
        },
      },
      workloadOptions(this, args.dependsOn),
    );

    this.registerOutputs({ token: this.token });
  }
}

/** Read anew for each connection: another authority needs no restart. */
function makeDatabaseCa(
  name: string,
  certificate: string,
  { metadata, childOptions }: { metadata: object; childOptions: CustomResourceOptions },
): kubernetes.core.v1.ConfigMap {
  const data = { [basename(databaseCaFile)]: certificate };
  return new kubernetes.core.v1.ConfigMap(name, { metadata: { ...metadata, name }, data }, childOptions);
}

/**
 * Left out, the field is not this program's: no `up` resets what an autoscaler has set. The cluster makes it 1 where nobody has, and the
 * autoscaler then goes to its minimum.
 */
function replicas(spec: TenantSpec): { replicas?: number } {
  return isAutoscaled(spec) ? {} : { replicas: spec.resources.replicas };
}
