import type { PlannedResource } from '../planned-resource.ts';
import { boundedContainers } from './bounded-containers.ts';
import { networkPolicies } from './network-policies.ts';
import { noPlainSecrets } from './no-plain-secrets.ts';
import { operatorPaths } from './operator-paths.ts';
import { pinnedImages } from './pinned-images.ts';
import type { Policy, Violation } from './policy.ts';
import { restrictedPods } from './restricted-pods.ts';

const policies: readonly Policy[] = [restrictedPods, boundedContainers, networkPolicies, pinnedImages, noPlainSecrets, operatorPaths];

export interface PolicyReport {
  /** The rules that the plan breaks, and with what. */
  broken: { policy: string; rule: string; violations: Violation[] }[];
  /** What would break a rule, but says on itself why it may. */
  exceptions: { policy: string; resource: string; reason: string }[];
}

/** A resource that must break a rule says why in this annotation, followed by the policy's name: so an exception is in the diff, for review. */
const exceptionPrefix = 'authsome.cloud/except-';

/** Checks what a plan would leave in the cluster against every policy. */
export function checkPolicies(plan: readonly PlannedResource[]): PolicyReport {
  const report: PolicyReport = { broken: [], exceptions: [] };
  for (const { name, rule, check } of policies) {
    const violations: Violation[] = [];
    for (const found of check(plan)) {
      const reason = exceptionReason(plan, found.urn, name);
      if (reason === undefined) violations.push(found);
      else if (!report.exceptions.some(({ policy, resource }) => policy === name && resource === found.resource))
        report.exceptions.push({ policy: name, resource: found.resource, reason });
    }
    if (violations.length > 0) report.broken.push({ policy: name, rule, violations });
  }
  return report;
}

function exceptionReason(plan: readonly PlannedResource[], urn: string, policy: string): string | undefined {
  const metadata = plan.find((resource) => resource.urn === urn)?.after?.['metadata'] as
    { annotations?: Record<string, string> } | undefined;
  const reason = metadata?.annotations?.[`${exceptionPrefix}${policy}`];
  return reason === undefined || reason === '' ? undefined : reason;
}
