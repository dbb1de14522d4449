import type { TenantSpec } from './spec.ts';

type Resources = TenantSpec['resources'];

/** A rolling update starts one pod more before it ends an old one. */
export const surge = 1;

/** Whether an autoscaler decides on the number of replicas, so that the Deployment must not. Not while the application is suspended. */
export function isAutoscaled({ resources, cluster }: TenantSpec): boolean {
  return cluster.metricsApi && resources.replicas > 0 && resources.maxReplicas > resources.replicas;
}

/** The instance's pods that the quota must hold at once. */
export function maxInstancePods({ maxReplicas }: Resources): number {
  return maxReplicas + surge;
}

/**
 * Connections of the tenant's role. In a quick rollout every old pod may still be ending while all new ones run, each with a full pool; one
 * more is left for a migration. It does not follow the replicas of the moment, so that suspending an application touches no database.
 */
export function connectionLimit({ maxReplicas, databasePoolSize }: Resources): number {
  return 2 * maxReplicas * databasePoolSize + 1;
}
