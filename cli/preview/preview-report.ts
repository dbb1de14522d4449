import { fieldChanges } from './field-changes.ts';
import type { FieldChange } from './field-changes.ts';
import { guardData } from './guard-data.ts';
import type { Verdict } from './guard-data.ts';
import type { PlannedOp, PlannedResource } from './planned-resource.ts';
import { checkPolicies } from './policies/index.ts';
import type { PolicyReport } from './policies/index.ts';

/** What a preview is compared with: the stack as it was last deployed, another version of the program, or nothing at all. */
export type Baseline = { kind: 'deployed' } | { kind: 'base'; name: string } | { kind: 'nothing' };

export interface PlannedChange {
  op: Exclude<PlannedOp, 'same'>;
  urn: string;
  kind: string;
  name: string;
  fields: FieldChange[];
  /** Fields that are not listed, since there are so many. */
  moreFields: number;
}

/** All that a preview finds, without secrets: for a person, a machine or a comment. */
export interface PreviewReport {
  profile: string;
  baseline: Baseline;
  elapsedSeconds: number;
  counts: Record<PlannedOp, number>;
  changes: PlannedChange[];
  guard: Verdict;
  policies: PolicyReport;
  /** Nothing is refused and no policy broken. */
  ok: boolean;
}

export interface ReportInput {
  profile: string;
  baseline: Baseline;
  elapsedSeconds: number;
  plan: readonly PlannedResource[];
  allowedNames: readonly string[];
}

/** What may be lost first. */
const order: Record<PlannedOp, number> = { delete: 0, replace: 1, update: 2, create: 3, same: 4 };

/** Judges a plan: what it changes, whether data would be lost, which policies it breaks. */
export function createReport({ profile, baseline, elapsedSeconds, plan, allowedNames }: ReportInput): PreviewReport {
  const counts: Record<PlannedOp, number> = { create: 0, update: 0, replace: 0, delete: 0, same: 0 };
  for (const { op } of plan) counts[op] += 1;
  const guard = guardData(plan, allowedNames);
  const policies = checkPolicies(plan);
  return {
    profile,
    baseline,
    elapsedSeconds,
    counts,
    changes: plan.flatMap(describeChange).toSorted((a, b) => order[a.op] - order[b.op]),
    guard,
    policies,
    ok: guard.refused.length === 0 && policies.broken.length === 0,
  };
}

function describeChange(resource: PlannedResource): PlannedChange[] {
  const { op, urn, kind, name } = resource;
  if (op === 'same') return [];
  const { changes, more } = op === 'create' || op === 'delete' ? { changes: [], more: 0 } : fieldChanges(resource);
  return [{ op, urn, kind, name, fields: changes, moreFields: more }];
}
