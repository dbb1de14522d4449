import type { PlannedResource } from '../planned-resource.ts';

/** What a plan may not hold, in one rule. */
export interface Policy {
  name: string;
  /** The rule as a sentence, for whoever breaks it. */
  rule: string;
  /** @returns for each resource that breaks the rule, what of it does */
  check: (plan: readonly PlannedResource[]) => Violation[];
}

export interface Violation {
  urn: string;
  /** `Deployment/proxy` */
  resource: string;
  problem: string;
}

export function violation({ urn, kind, name }: PlannedResource, problem: string): Violation {
  return { urn, resource: `${kind}/${name}`, problem };
}
