import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { namespacedOptions } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantQuotaArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** What the namespace may use in all, and what a container gets that names no resources itself. */
export class TenantQuota extends ComponentResource {
  constructor(name: string, { context, namespace }: TenantQuotaArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Quota', name, {}, options);
    const { quotaCpu, quotaMemory } = context.spec.resources;
    const childOptions = namespacedOptions(this, namespace.namespace);
    new kubernetes.core.v1.ResourceQuota(
      name,
      {
        // Nobody needs the counters that the provider would wait for.
        metadata: {
          name: 'tenant',
          namespace: namespace.name,
          labels: context.labels,
          annotations: { 'pulumi.com/skipAwait': 'true' },
        },
        spec: {
          hard: {
            'limits.cpu': quotaCpu,
            'limits.memory': quotaMemory,
            // A tenant's traffic comes through the proxy alone.
            'services.nodeports': '0',
            'services.loadbalancers': '0',
            pods: '20',
          },
        },
      },
      childOptions,
    );
    new kubernetes.core.v1.LimitRange(
      `${name}-limits`,
      {
        metadata: { name: 'tenant', namespace: namespace.name, labels: context.labels },
        spec: {
          limits: [{ type: 'Container', default: { cpu: '500m', memory: '256Mi' }, defaultRequest: { cpu: '50m', memory: '64Mi' } }],
        },
      },
      childOptions,
    );
    this.registerOutputs({});
  }
}
