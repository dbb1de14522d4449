export const planNames = ['free', 'pro', 'enterprise'] as const;
export type Plan = (typeof planNames)[number];

/** Where an application's database is: on the server that tenants share, or on a server of its own. */
export const databaseTiers = ['shared', 'dedicated'] as const;
export type DatabaseTier = (typeof databaseTiers)[number];

export interface PlanLimits {
  /** Applications in one workspace that are not deleted; null: no limit. */
  applications: number | null;
  /**
   * Of applications that are created on this plan. One that exists keeps the tier that it was created with (applications.database_tier):
   * another one would be another server, and its users would have to be moved there first. A shared one may stay on any plan, a
   * dedicated one only on a plan that includes it.
   */
  databaseTier: DatabaseTier;
}

/** What each plan includes (the price list is the product's page; these are the parts that the code enforces). */
export const plans: Readonly<Record<Plan, PlanLimits>> = {
  free: { applications: 3, databaseTier: 'shared' },
  pro: { applications: null, databaseTier: 'dedicated' },
  enterprise: { applications: null, databaseTier: 'dedicated' },
};
