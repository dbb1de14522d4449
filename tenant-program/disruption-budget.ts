import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { namespacedOptions, skipAwait, workloadLabels, workloadSelector } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantDisruptionBudgetArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** Lets the instances be moved from a node one at a time. Only for two and more: a single one could then never be moved. */
export class TenantDisruptionBudget extends ComponentResource {
  constructor(name: string, { context, namespace }: TenantDisruptionBudgetArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:DisruptionBudget', name, {}, options);
    new kubernetes.policy.v1.PodDisruptionBudget(
      name,
      {
        metadata: { name: 'instance', namespace: namespace.name, labels: workloadLabels(context, 'instance'), annotations: skipAwait },
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: workloadSelector('instance') },
          // One that is not ready serves nobody: it must not keep a node from being emptied.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
      namespacedOptions(this, namespace.namespace),
    );
    this.registerOutputs({});
  }
}
