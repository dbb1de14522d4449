export type Plan = 'free' | 'pro' | 'enterprise';

export interface PlanLimits {
  /** Applications in one workspace that are not deleted; null: no limit. */
  applications: number | null;
}

/** What each plan includes (the price list is the product's page; these are the parts that the code enforces). */
export const plans: Readonly<Record<Plan, PlanLimits>> = {
  free: { applications: 3 },
  pro: { applications: null },
  enterprise: { applications: null },
};
