import type { PhaseEvent, ResourceEvent } from './follow-operation.ts';
import type { OperationState } from './operation-state.ts';

/** More than these scroll a small terminal away. */
const maxResources = 6;

/** The lines that a live view shows. @param now Unix time in ms, for the phase that runs */
export function renderOperation({ operation, phases, counts, current, failed }: OperationState, now: number): string[] {
  if (operation === undefined) return ['connecting'];
  const { kind, status, overdue, attempts } = operation;
  return [
    [kind, status, attempts.length > 1 ? `attempt ${attempts.length}` : '', overdue ? 'overdue' : ''].filter(Boolean).join(', '),
    ...phases.map((phase) => renderPhase(phase, now)),
    ...(counts.size > 0 ? [`  ${renderCounts(counts)}`] : []),
    ...current.slice(-maxResources).map(renderResource),
    ...failed.slice(-maxResources).map(renderResource),
  ];
}

/** One phase with its seconds. */
export function renderPhase({ name, startedAt, endedAt }: PhaseEvent, now: number): string {
  const end = endedAt == null ? now : Date.parse(endedAt);
  return `${endedAt == null ? '>' : ' '} ${name.padEnd(14)} ${(Math.max(0, end - Date.parse(startedAt)) / 1000).toFixed(2)} s`;
}

export function renderCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([change, count]) => `${count} ${change}`).join(', ');
}

function renderResource({ change, type, name, status }: ResourceEvent): string {
  return `    ${change} ${type} ${name}${status === 'failed' ? ': failed' : ''}`;
}
