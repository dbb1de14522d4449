import type { AppStatus } from './routes/route.ts';

/** What the stack is to be: with its instance, without it but with its data, or gone. */
export type Desired = 'present' | 'suspended' | 'absent';

/** owner: asked for; workspace: it is deleted; deletion: the application is, and can be restored for a while. */
export const suspensionReasons = ['owner', 'workspace', 'deletion'] as const;
export type SuspensionReason = (typeof suspensionReasons)[number];

/** The part of an application's row that says where it is in its life. */
export interface ApplicationState {
  status: AppStatus;
  desired: Desired;
  suspensions: SuspensionReason[];
  /** Counts the changes of the desired state. */
  generation: number;
  /** The generation that the stack was last brought to; 0 before the first. */
  observedGeneration: number;
  /** Whether the stack has pods that the proxy may forward to. */
  serving: boolean;
}

export type OperationKind =
  | 'provision'
  | 'update'
  | 'plan_change'
  | 'restart'
  | 'suspend'
  | 'resume'
  /** Takes the instance down for the grace period. */
  | 'delete'
  | 'restore'
  /** Removes everything, at the end of the grace period or when the owner won't wait for it. */
  | 'destroy'
  /** The same desired state once more, after it failed. */
  | 'retry'
  /** The same desired state, with a look at what is really there. */
  | 'repair';

/** An application's state as its row has it. */
export interface StateColumns extends Omit<ApplicationState, 'observedGeneration'> {
  observed_generation: number;
}

export function stateOf({ status, desired, suspensions, generation, serving, ...row }: StateColumns): ApplicationState {
  return { status, desired, suspensions, generation, observedGeneration: row.observed_generation, serving };
}

/** What may be asked of an application. */
export type Command =
  { kind: Exclude<OperationKind, 'provision' | 'suspend' | 'resume'> } | { kind: 'suspend' | 'resume'; reason: 'owner' | 'workspace' };

export type Transition =
  /** The state to be written, and whether the stack has to be brought to it by a job. */
  | { type: 'changed'; state: ApplicationState; reconcile: boolean }
  /** It is asked for already. */
  | { type: 'unchanged' }
  /** The state forbids it. */
  | { type: 'refused'; reason: string };

/** A new application, which waits for its first operation. */
export const initialState: ApplicationState = {
  status: 'provisioning',
  desired: 'present',
  suspensions: [],
  generation: 1,
  observedGeneration: 0,
  serving: false,
};

/**
 * Every change that may be asked of an application, in one place. A command names what it wants, never how: whatever is under way, the row
 * gets the newest desired state and the next generation, and a job brings the stack to it.
 */
export function command(state: ApplicationState, { kind, ...rest }: Command): Transition {
  const reason = 'reason' in rest ? rest.reason : 'owner';
  switch (kind) {
    case 'update':
    case 'plan_change':
      return refuseWhileLeaving(state) ?? next(state, {});
    case 'restart':
      return (
        refuseWhileLeaving(state) ?? refuseUnless(state, state.desired === 'present' && state.observedGeneration > 0) ?? restart(state)
      );
    case 'suspend':
      return suspend(state, reason);
    case 'resume':
      return resume(state, reason);
    case 'delete':
      return remove(state);
    case 'restore':
      return restore(state);
    case 'destroy':
      return state.status === 'deleted' || (state.desired === 'absent' && state.status !== 'failed') ? unchanged : next(state, gone);
    case 'retry':
      return refuseUnless(state, state.status === 'failed') ?? next(state, {});
    case 'repair':
      return refuseUnless(state, state.status !== 'deleted') ?? next(state, {});
  }
}

export type Outcome = 'succeeded' | 'failed';

/**
 * The state after an attempt at a generation has ended for good. Where the desired state was changed meanwhile, the status is left to the
 * operation of that change; but what came up can answer from now on, and is only being updated.
 *
 * @param brought what the attempt's stack was to be
 */
export function conclude(
  state: ApplicationState,
  { outcome, generation, brought }: { outcome: Outcome; generation: number; brought: Desired },
): ApplicationState {
  const current = state.generation === generation;
  if (outcome === 'failed') return current ? { ...state, status: 'failed' } : state;

  const observed = { ...state, observedGeneration: generation, serving: brought === 'present' && state.desired === 'present' };
  if (current) return { ...observed, status: settledStatus(state) };
  return observed.serving && state.status === 'provisioning' ? { ...observed, status: 'updating' } : observed;
}

/** An attempt at an older generation is stopped for these: what it builds would be taken down again at once. */
export function stopsOlderOperations(kind: OperationKind): boolean {
  return kind === 'suspend' || kind === 'delete' || kind === 'destroy';
}

/**
 * What the proxies are told. An operation that failed says nothing about whether the application may be called: that is what the owner
 * last asked for.
 */
export function routeStatus({ status, desired, suspensions }: Pick<ApplicationState, 'status' | 'desired' | 'suspensions'>): AppStatus {
  if (status !== 'failed' || desired === 'present') return status;
  return desired === 'absent' || suspensions.includes('deletion') ? 'deleting' : 'suspended';
}

const unchanged: Transition = { type: 'unchanged' };
const gone: Partial<ApplicationState> = { desired: 'absent' };

/** The state that follows a change: the next generation, with the status that it has until its operation ends. */
function next(state: ApplicationState, change: Partial<ApplicationState>): Transition {
  const wanted = { ...state, ...change };
  // What is not to answer does not from this moment on, whenever its pods end.
  const serving = wanted.serving && wanted.desired === 'present';
  const following = { ...wanted, serving, generation: state.generation + 1 };
  return { type: 'changed', reconcile: true, state: { ...following, status: change.status ?? pendingStatus(following) } };
}

function pendingStatus(state: ApplicationState): AppStatus {
  if (state.desired === 'present') return state.serving ? 'updating' : 'provisioning';
  return settledStatus(state) === 'suspended' ? 'suspended' : 'deleting';
}

function settledStatus({ desired, suspensions }: ApplicationState): AppStatus {
  switch (desired) {
    case 'present':
      return 'active';
    case 'suspended':
      return suspensions.includes('deletion') ? 'deleting' : 'suspended';
    case 'absent':
      return 'deleted';
  }
}

function restart(state: ApplicationState): Transition {
  return next(state, state.serving ? { status: 'restarting' } : {});
}

function suspend(state: ApplicationState, reason: SuspensionReason): Transition {
  if (state.suspensions.includes(reason)) return unchanged;
  const suspensions = [...state.suspensions, reason];
  // A workspace's deletion takes along what is on its way out already: restoring either restores only its own part.
  if (isLeaving(state)) return reason === 'owner' || state.desired === 'absent' ? refused(state) : quietly(state, { suspensions });
  return state.desired === 'suspended' ? quietly(state, { suspensions }) : next(state, { suspensions, desired: 'suspended' });
}

function resume(state: ApplicationState, reason: SuspensionReason): Transition {
  if (!state.suspensions.includes(reason)) return reason === 'workspace' ? unchanged : refused(state);
  if (state.desired === 'absent' || (reason === 'owner' && isLeaving(state))) return refused(state);
  return lift(state, reason);
}

function remove(state: ApplicationState): Transition {
  if (isLeaving(state) && state.status !== 'failed') return unchanged;
  if (state.desired === 'absent') return next(state, gone);
  // Without an instance ever, there are no data that a grace period could keep.
  if (state.observedGeneration === 0) return next(state, gone);
  const suspensions = [...new Set([...state.suspensions, 'deletion' as const])];
  return next(state, { suspensions, desired: 'suspended' });
}

function restore(state: ApplicationState): Transition {
  return state.desired === 'suspended' && state.suspensions.includes('deletion') ? lift(state, 'deletion') : refused(state);
}

/** Takes one reason away. Where another is left, the stack stays as it is. */
function lift(state: ApplicationState, reason: SuspensionReason): Transition {
  const suspensions = state.suspensions.filter((other) => other !== reason);
  return suspensions.length === 0 ? next(state, { suspensions, desired: 'present' }) : quietly(state, { suspensions });
}

/** A change that the stack has no part in. A failed operation stays failed. */
function quietly(state: ApplicationState, change: Partial<ApplicationState>): Transition {
  const following = { ...state, ...change };
  const status = state.status === 'failed' ? 'failed' : settledStatus(following);
  return { type: 'changed', reconcile: false, state: { ...following, status } };
}

function isLeaving({ desired, suspensions }: ApplicationState): boolean {
  return desired === 'absent' || suspensions.includes('deletion');
}

function refuseWhileLeaving(state: ApplicationState): Transition | undefined {
  return isLeaving(state) ? refused(state) : undefined;
}

function refuseUnless(state: ApplicationState, allowed: boolean): Transition | undefined {
  return allowed ? undefined : refused(state);
}

/** Names the present state, so that the caller knows what to do first. */
function refused({ status, desired, suspensions }: ApplicationState): Transition {
  if (status !== 'failed') return { type: 'refused', reason: `is ${status}` };
  if (desired === 'absent' || suspensions.includes('deletion'))
    return { type: 'refused', reason: 'failed while it was deleted, delete it again' };
  return { type: 'refused', reason: desired === 'suspended' ? 'failed while it was suspended' : 'is failed' };
}
