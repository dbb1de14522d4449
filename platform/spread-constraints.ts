import type { input } from '@pulumi/kubernetes/types/index.js';

/**
 * One zone's or node's end should not be the end of all replicas; where there is but one, they run there.
 *
 * @param instance `app.kubernetes.io/instance` of the pods
 * @param matchLabelKeys labels that set a version's pods apart: those of the version before, which are about to end, then don't count
 */
export function spreadConstraints(instance: string, matchLabelKeys?: string[]): input.core.v1.TopologySpreadConstraint[] {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/instance': instance } },
    matchLabelKeys,
  }));
}
