import type { Baseline, PlannedChange, PreviewReport } from './preview-report.ts';

const signs = { create: '+', update: '~', replace: '±', delete: '-' } as const;

/** A report for a terminal: what changes, then what is refused and how to allow it. */
export function renderReport(report: PreviewReport): string[] {
  return [
    `Preview of ${report.profile}, ${describeBaseline(report.baseline)} (${report.elapsedSeconds} s)`,
    '',
    ...report.changes.flatMap(renderChange),
    ...(report.changes.length > 0 ? [''] : []),
    describeCounts(report),
    ...renderGuard(report),
    ...renderPolicies(report),
  ];
}

export function describeBaseline(baseline: Baseline): string {
  switch (baseline.kind) {
    case 'deployed':
      return 'compared with what is deployed';
    case 'base':
      return `compared with ${baseline.name}, without a cluster`;
    case 'nothing':
      return 'from nothing, without a cluster';
  }
}

export function describeCounts({ counts }: PreviewReport): string {
  const changed = (['create', 'update', 'replace', 'delete'] as const).filter((op) => counts[op] > 0).map((op) => `${counts[op]} to ${op}`);
  return `${changed.length === 0 ? 'nothing changes' : changed.join(', ')}, ${counts.same} as they are`;
}

/** One change as lines: what, and for each field what it was and what it will be. */
export function renderChange({ op, kind, name, fields, moreFields }: PlannedChange): string[] {
  return [
    `${signs[op]} ${op} ${kind}/${name}`,
    ...fields.map(({ path, before, after, replaces }) => {
      const change = before === undefined ? `+ ${after ?? ''}` : after === undefined ? `- ${before}` : `${before} → ${after}`;
      return `    ${path}: ${change}${replaces ? '  (replaces)' : ''}`;
    }),
    ...(moreFields > 0 ? [`    and ${moreFields} more fields`] : []),
  ];
}

function renderGuard({ guard }: PreviewReport): string[] {
  return [
    ...guard.allowed.map(({ name, op, loses }) => `Allowed: ${op} ${name}, which loses ${loses}`),
    ...guard.unused.map((name) => `Allowed, but not in this plan: ${name}`),
    ...(guard.refused.length === 0 ? [] : ['', 'Refused, since data would be lost:']),
    ...guard.refused.map(
      ({ name, op, loses, because }) => `  ${op} ${name} loses ${loses}${because.length > 0 ? ` (changed: ${because.join(', ')})` : ''}`,
    ),
    ...(guard.refused.length === 0 ? [] : [`Where that is meant: ${guard.refused.map(({ name }) => `--allow-replace ${name}`).join(' ')}`]),
  ];
}

function renderPolicies({ policies }: PreviewReport): string[] {
  return [
    ...policies.exceptions.map(({ policy, resource, reason }) => `Exception from ${policy}: ${resource}: ${reason}`),
    ...policies.broken.flatMap(({ policy, rule, violations }) => [
      '',
      `Policy ${policy}: ${rule}`,
      ...violations.map(({ resource, problem }) => `  ${resource}: ${problem}`),
    ]),
  ];
}
