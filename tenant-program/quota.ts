import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { maxInstancePods } from './instance-pods.ts';
import type { TenantNamespace } from './namespace.ts';
import type { TenantSpec } from './spec.ts';
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
    new kubernetes.core.v1.ResourceQuota(
      name,
      // Nobody needs the counters that the provider would wait for.
      { metadata: { ...metadata, annotations: skipAwait }, spec: { hard: hardLimits(context.spec) } },
      childOptions,
    );
    new kubernetes.core.v1.LimitRange(
      `${name}-limits`,
      {
        metadata,
        spec: {
          limits: [{ type: 'Container', default: { cpu: '500m', memory: '256Mi' }, defaultRequest: { cpu: '50m', memory: '64Mi' } }],
        },
      },
      childOptions,
    );
    this.registerOutputs({});
  }
}

function hardLimits({ resources, database }: TenantSpec): Record<string, string> {
  const volumes = database.tier === 'dedicated' ? 1 : 0;
  return {
    'limits.cpu': resources.quotaCpu,
    'limits.memory': resources.quotaMemory,
    'requests.storage': database.tier === 'dedicated' ? database.storage : '0',
    persistentvolumeclaims: String(volumes),
    // Twice the instance's pods, as the ones that are ending still count, with Redis and PostgreSQL.
    pods: String(2 * maxInstancePods(resources) + 2),
    // A tenant's traffic comes through the proxy alone.
    'services.nodeports': '0',
    'services.loadbalancers': '0',
  };
}
