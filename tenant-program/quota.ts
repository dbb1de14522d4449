import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { ephemeralStorage } from './ephemeral-storage.ts';
import { maxInstancePods } from './instance-pods.ts';
import type { TenantNamespace } from './namespace.ts';
import type { TenantSpec } from './spec.ts';
import { bytes } from './quantity.ts';
import { namespacedOptions, skipAwait } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantQuotaArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** What the namespace may use in all, and what a container gets that names no resources itself. */
export class TenantQuota extends ComponentResource {
  constructor(name: string, { context, namespace }: TenantQuotaArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Quota', name, {}, options);
    const childOptions = namespacedOptions(this, namespace.namespace);
    const metadata = { name: 'tenant', namespace: namespace.name, labels: context.labels };
    const limits = new kubernetes.core.v1.LimitRange(
      `${name}-limits`,
      {
        metadata,
        spec: {
          limits: [
            {
              type: 'Container',
              default: { cpu: '500m', memory: '256Mi', 'ephemeral-storage': '128Mi' },
              defaultRequest: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '16Mi' },
            },
          ],
        },
      },
      childOptions,
    );
    new kubernetes.core.v1.ResourceQuota(
      name,
      // Nobody needs the counters that the provider would wait for.
      { metadata: { ...metadata, annotations: skipAwait }, spec: { hard: hardLimits(context.spec) } },
      // After it: a pod without a limit of its own, such as one of an earlier version, is refused where the quota counts it and nothing gives it one.
      { ...childOptions, dependsOn: limits },
    );
    this.registerOutputs({});
  }
}

function hardLimits({ resources, database }: TenantSpec): Record<string, string> {
  const volumes = database.tier === 'dedicated' ? 1 : 0;
  return {
    'limits.cpu': resources.quotaCpu,
    'limits.memory': resources.quotaMemory,
    'limits.ephemeral-storage': `${diskMebibytes({ resources, database })}Mi`,
    'requests.storage': database.tier === 'dedicated' ? database.storage : '0',
    persistentvolumeclaims: String(volumes),
    // Twice the instance's pods, as the ones that are ending still count, with Redis and PostgreSQL.
    pods: String(2 * maxInstancePods(resources) + 2),
    // A tenant's traffic comes through the proxy alone.
    'services.nodeports': '0',
    'services.loadbalancers': '0',
  };
}

/** Of the node's disk. The instance's pods twice, as above, but each server once. */
function diskMebibytes({ resources, database }: Pick<TenantSpec, 'resources' | 'database'>): number {
  const { instance, redis, postgres } = ephemeralStorage;
  const total =
    2 * maxInstancePods(resources) * bytes(instance.limit) +
    bytes(redis.limit) +
    (database.tier === 'dedicated' ? bytes(postgres.limit) : 0);
  return total / 2 ** 20;
}
