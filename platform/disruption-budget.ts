import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { labels, skipAwait } from './hardening.ts';

export interface DisruptionBudgetArgs {
  namespace: pulumi.Input<string>;
  /** `app.kubernetes.io/instance` of the pods. */
  instance: string;
  /** Absent: all but one. */
  minAvailable?: number | undefined;
}

/** Says how many pods stay while nodes are emptied. Only for two and more: a single one could then never be moved. */
export function disruptionBudget(
  { namespace, instance, minAvailable }: DisruptionBudgetArgs,
  options: pulumi.CustomResourceOptions,
): kubernetes.policy.v1.PodDisruptionBudget {
  return new kubernetes.policy.v1.PodDisruptionBudget(
    instance,
    {
      metadata: { name: instance, namespace, labels: labels(instance), annotations: skipAwait },
      spec: {
        ...(minAvailable === undefined ? { maxUnavailable: 1 } : { minAvailable }),
        selector: { matchLabels: { 'app.kubernetes.io/instance': instance } },
        // One that is not ready serves nobody: it must not keep a node from being emptied.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
    options,
  );
}
