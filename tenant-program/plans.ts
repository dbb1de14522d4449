export const plans = ['free', 'pro', 'enterprise'] as const;
export type Plan = (typeof plans)[number];

export const databaseTiers = ['shared', 'dedicated'] as const;
export type DatabaseTier = (typeof databaseTiers)[number];

export interface PlanCeiling {
  /** Where a new application's database is: on the server that free tenants share, or on one of its own. */
  databaseTier: DatabaseTier;
  /** The most replicas of the instance that an autoscaler may start. */
  maxReplicas: number;
  /** The largest quota of its namespace. */
  quotaCpu: string;
  quotaMemory: string;
  /** The largest volume of its own database server; none where it has no server of its own. */
  storage: string | null;
}

/**
 * What a plan may use at most, whatever an installation's settings say. Two replicas fit the quota of 4 CPU and 8 GiB with one more while
 * they roll; the ten of the paid plans need more, so their ceilings are higher.
 */
export const planCeilings: Readonly<Record<Plan, PlanCeiling>> = {
  free: { databaseTier: 'shared', maxReplicas: 2, quotaCpu: '4', quotaMemory: '8Gi', storage: null },
  pro: { databaseTier: 'dedicated', maxReplicas: 10, quotaCpu: '16', quotaMemory: '32Gi', storage: '100Gi' },
  enterprise: { databaseTier: 'dedicated', maxReplicas: 10, quotaCpu: '64', quotaMemory: '128Gi', storage: '2Ti' },
};
