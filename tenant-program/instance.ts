import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import { all, ComponentResource, unsecret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { generatedSecret } from './generated-secret.ts';
import { instanceConfiguration, instancePodSpec } from './instance-pod.ts';
import type { TenantNamespace } from './namespace.ts';
import { namespacedOptions, workloadLabels, workloadOptions } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantInstanceArgs {
  context: TenantContext;
  namespace: TenantNamespace;
  serviceAccountName: Output<string>;
  databaseUrl: Output<string>;
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
    const { context, namespace } = args;
    const labels = workloadLabels(context, 'instance');
    const selector = { 'app.kubernetes.io/name': 'instance' };
    const metadata = { name: 'instance', namespace: namespace.name, labels };
    const childOptions = namespacedOptions(this, namespace.namespace);

    this.token = generatedSecret(`${name}-token`, this);
    const configuration = instanceConfiguration(context.spec);
    const secrets = {
      DATABASE_URL: args.databaseUrl,
      REDIS_URL: args.redisUrl,
      INSTANCE_TOKEN: this.token,
      AUTH_SECRET: generatedSecret(`${name}-auth-secret`, this),
    };
    const configMap = new kubernetes.core.v1.ConfigMap(name, { metadata, data: configuration }, childOptions);
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: secrets }, childOptions);

    new kubernetes.core.v1.Service(
      name,
      {
        // The provider's wait for endpoints takes 10 s at least; the Deployment's readiness is the real signal.
        metadata: { ...metadata, name: 'authsome', annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      },
      childOptions,
    );
    new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: context.spec.resources.replicas,
          progressDeadlineSeconds: 150,
          revisionHistoryLimit: 2,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          selector: { matchLabels: selector },
          template: {
            metadata: { labels, annotations: { 'authsome.cloud/configuration': checksum(configuration, secrets) } },
            spec: instancePodSpec({
              spec: context.spec,
              serviceAccountName: args.serviceAccountName,
              configMapName: configMap.metadata.name,
              secretName: secret.metadata.name,
            }),
          },
        },
      },
      workloadOptions(this, args.dependsOn),
    );

    this.registerOutputs({ token: this.token });
  }
}

/** Changes with the configuration, so that pods roll then. No secret: a hash of 256 random bits tells nothing about them. */
function checksum(configuration: Record<string, string>, secrets: Record<string, Output<string>>): Output<string> {
  return unsecret(all([configuration, secrets]).apply((values) => createHash('sha256').update(JSON.stringify(values)).digest('hex')));
}
