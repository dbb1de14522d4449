export const planNames = ['free', 'pro', 'enterprise'] as const;
export type Plan = (typeof planNames)[number];

/** Where an application's database is: on the server that tenants share, or on a server of its own. */
export const databaseTiers = ['shared', 'dedicated'] as const;
export type DatabaseTier = (typeof databaseTiers)[number];

/** Requests of one account that change something. */
export interface WriteRate {
  perMinute: number;
  perDay: number;
}

export interface PlanLimits {
  /** Applications in one workspace that are not gone; null: no limit. */
  applications: number | null;
  writes: WriteRate;
  /**
   * Of applications that are created on this plan. One that exists keeps the tier that it was created with (applications.database_tier):
   * another one would be another server, and its users would have to be moved there first. A shared one may stay on any plan, a
   * dedicated one only on a plan that includes it.
   */
  databaseTier: DatabaseTier;
}

/** What each plan includes (the price list is the product's page; these are the parts that the code enforces). */
export const plans: Readonly<Record<Plan, PlanLimits>> = {
  free: { applications: 3, databaseTier: 'shared', writes: { perMinute: 100, perDay: 10_000 } },
  pro: { applications: null, databaseTier: 'dedicated', writes: { perMinute: 1_000, perDay: 100_000 } },
  enterprise: { applications: null, databaseTier: 'dedicated', writes: { perMinute: 10_000, perDay: 1_000_000 } },
};

/** What one account may have, in however many workspaces it owns. */
export interface AccountLimits {
  /** Applications in all its free workspaces together that are not gone. */
  freeApplications: number;
  /** Workspaces that it owns and can still restore, whatever their plan. */
  workspaces: number;
}

export const accountLimits: AccountLimits = { freeApplications: 3, workspaces: 10 };
