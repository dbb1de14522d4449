import type { Operation } from '../control-client.ts';
import type { PhaseEvent, ResourceEvent } from './follow-operation.ts';

/** What a viewer sees of an operation at one moment. */
export interface OperationState {
  operation: Operation | undefined;
  /** Of the newest attempt. */
  phases: PhaseEvent[];
  /** Finished resources by what was done with them. */
  counts: ReadonlyMap<string, number>;
  /** Begun and not done, the oldest first. */
  current: readonly ResourceEvent[];
  failed: readonly ResourceEvent[];
}

export const initialOperationState: OperationState = { operation: undefined, phases: [], counts: new Map(), current: [], failed: [] };

export function withPhase(state: OperationState, phase: PhaseEvent): OperationState {
  const newAttempt = state.phases.some(({ attemptId }) => attemptId !== phase.attemptId);
  if (newAttempt) return { ...initialOperationState, operation: state.operation, phases: [phase] };
  const others = state.phases.filter(({ startedAt, name }) => startedAt !== phase.startedAt || name !== phase.name);
  return { ...state, phases: [...others, phase].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt)) };
}

export function withResource(state: OperationState, event: ResourceEvent): OperationState {
  const others = state.current.filter(({ type, name }) => type !== event.type || name !== event.name);
  if (event.status === 'started') return { ...state, current: [...others, event] };
  if (event.status === 'failed') return { ...state, current: others, failed: [...state.failed, event] };
  return { ...state, current: others, counts: new Map(state.counts).set(event.change, (state.counts.get(event.change) ?? 0) + 1) };
}
