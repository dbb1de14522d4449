import test from 'ava';
import fc from 'fast-check';
import { command, conclude, initialState, routeStatus, stopsOlderOperations } from '../../../services/shared/application-state.ts';
import type { ApplicationState, Command, Desired, Outcome } from '../../../services/shared/application-state.ts';
import { appStatuses } from '../../../services/shared/routes/route.ts';

const commands: Command[] = [
  ...(['update', 'plan_change', 'restart', 'delete', 'restore', 'destroy', 'retry', 'repair'] as const).map((kind) => ({ kind })),
  ...(['suspend', 'resume'] as const).flatMap((kind) => (['owner', 'workspace'] as const).map((reason) => ({ kind, reason }))),
];

/** What an owner believes about the application, without any of the machine's words. */
interface Model {
  stoppedByOwner: boolean;
  workspaceDeleted: boolean;
  inGrace: boolean;
  destroyed: boolean;
  everBuilt: boolean;
}

/** An attempt that a worker has begun: what it saw of the row. */
interface Attempt {
  generation: number;
  desired: Desired;
}

interface Real {
  state: ApplicationState;
  attempt: Attempt | undefined;
}

const desiredOf = ({ stoppedByOwner, workspaceDeleted, inGrace, destroyed }: Model): Desired =>
  destroyed ? 'absent' : stoppedByOwner || workspaceDeleted || inGrace ? 'suspended' : 'present';

/** What a command means to the owner: undefined where it makes no sense now. */
function believe(model: Model, wanted: Command): Model | undefined {
  const leaving = model.inGrace || model.destroyed;
  switch (wanted.kind) {
    case 'update':
    case 'plan_change':
      return leaving ? undefined : model;
    case 'restart':
      return desiredOf(model) === 'present' && model.everBuilt ? model : undefined;
    case 'suspend':
      if (wanted.reason === 'workspace')
        return model.destroyed && !model.workspaceDeleted ? undefined : { ...model, workspaceDeleted: true };
      if (leaving) return model.stoppedByOwner ? model : undefined;
      return { ...model, stoppedByOwner: true };
    case 'resume':
      if (wanted.reason === 'workspace')
        return model.destroyed && model.workspaceDeleted ? undefined : { ...model, workspaceDeleted: false };
      return model.stoppedByOwner && !leaving ? { ...model, stoppedByOwner: false } : undefined;
    case 'delete':
      if (model.destroyed || !model.everBuilt) return { ...model, destroyed: true };
      return { ...model, inGrace: true };
    case 'restore':
      return model.inGrace && !model.destroyed ? { ...model, inGrace: false } : undefined;
    case 'destroy':
      return { ...model, destroyed: true };
    case 'retry':
    case 'repair':
      return model;
  }
}

function invariants({ state }: Real, model: Model): void {
  const { status, desired, suspensions, serving, generation, observedGeneration } = state;
  const fail = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify({ state, model })}`);
  };
  if (desired !== desiredOf(model)) fail('the desired state is not what the owner believes');
  if (desired !== 'absent' && (desired === 'present') !== (suspensions.length === 0))
    fail('suspended without a reason, or with one and not');
  if (serving && (desired !== 'present' || observedGeneration === 0)) fail('serving what is not there');
  if (observedGeneration > generation) fail('reached what nobody asked for');
  if (new Set(suspensions).size !== suspensions.length) fail('a reason twice');
  const allowed: Record<Desired, string[]> = {
    present: ['provisioning', 'active', 'updating', 'restarting', 'failed'],
    suspended: model.inGrace ? ['deleting', 'failed'] : ['suspended', 'failed'],
    absent: ['deleting', 'deleted', 'failed'],
  };
  if (!allowed[desired].includes(status)) fail('a status that does not go with the desired state');
  if (status === 'active' && !serving) fail('active and not serving');
  if (status === 'deleted' && observedGeneration !== generation) fail('deleted before it was destroyed');
  if (desired !== 'present' && ['active', 'updating', 'restarting', 'failed', 'provisioning'].includes(routeStatus(state)))
    fail('the proxies would let callers in');
}

class Ask implements fc.Command<Model, Real> {
  readonly wanted: Command;
  constructor(wanted: Command) {
    this.wanted = wanted;
  }
  check = () => true;
  run(model: Model, real: Real): void {
    const before = real.state;
    const transition = command(before, this.wanted);
    const believed = believe(model, this.wanted);
    switch (transition.type) {
      case 'refused':
        // Retry and repair depend on the status, of which the owner's model knows nothing; what is destroyed can't be asked for more.
        if (believed !== undefined && !['retry', 'repair'].includes(this.wanted.kind)) throw new Error(`refused: ${transition.reason}`);
        if (before.status !== 'failed' && transition.reason !== `is ${before.status}`)
          throw new Error('the refusal does not name the state');
        return;
      case 'unchanged':
        if (believed === undefined) throw new Error('accepted what makes no sense');
        break;
      case 'changed':
        if (believed === undefined) throw new Error(`accepted what makes no sense: ${JSON.stringify(before)}`);
        if (transition.state.generation !== before.generation + (transition.reconcile ? 1 : 0))
          throw new Error('a job without a generation');
        if (before.status === 'deleted') throw new Error('changed what is gone');
        real.state = transition.state;
    }
    Object.assign(model, believed);
    invariants(real, model);
  }
  toString = () => JSON.stringify(this.wanted);
}

class Begin implements fc.Command<Model, Real> {
  check = () => true;
  run(_model: Model, real: Real): void {
    const { generation, desired, observedGeneration } = real.state;
    // One attempt at a time, and none where nothing is to be done: the lease sees to both.
    if (real.attempt === undefined && observedGeneration < generation) real.attempt = { generation, desired };
  }
  toString = () => 'begin';
}

class End implements fc.Command<Model, Real> {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    this.outcome = outcome;
  }
  check = () => true;
  run(model: Model, real: Real): void {
    if (real.attempt === undefined) return;
    const { generation, desired: brought } = real.attempt;
    real.attempt = undefined;
    const before = real.state;
    real.state = conclude(before, { outcome: this.outcome, generation, brought });
    if (this.outcome === 'succeeded') model.everBuilt ||= true;
    if (
      before.generation !== generation &&
      ['active', 'deleted', 'failed'].includes(real.state.status) &&
      real.state.status !== before.status
    )
      throw new Error('an old attempt has decided');
    invariants(real, model);
  }
  toString = () => this.outcome;
}

test('whatever is asked, and however attempts end, the row says what the owner believes', (t) => {
  const steps = [
    ...commands.map((wanted) => fc.constant(new Ask(wanted))),
    fc.constant(new Begin()),
    fc.constant(new End('succeeded')),
    fc.constant(new End('failed')),
  ];
  fc.assert(
    fc.property(fc.commands(steps, { size: '+2' }), (sequence) => {
      fc.modelRun(
        () => ({
          model: { stoppedByOwner: false, workspaceDeleted: false, inGrace: false, destroyed: false, everBuilt: false },
          real: { state: initialState, attempt: undefined },
        }),
        sequence,
      );
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

const active: ApplicationState = { ...initialState, status: 'active', observedGeneration: 1, serving: true };
const ask = (state: ApplicationState, ...wanted: Command[]): ApplicationState =>
  wanted.reduce((before, one) => {
    const transition = command(before, one);
    return transition.type === 'changed' ? transition.state : before;
  }, state);
const settle = (state: ApplicationState): ApplicationState =>
  conclude(state, { outcome: 'succeeded', generation: state.generation, brought: state.desired });

test('a rolling change keeps the application reachable, one that comes back from nothing does not pretend', (t) => {
  t.is(ask(active, { kind: 'update' }).status, 'updating');
  t.is(ask(active, { kind: 'restart' }).status, 'restarting');
  t.is(ask(settle(ask(active, { kind: 'suspend', reason: 'owner' })), { kind: 'resume', reason: 'owner' }).status, 'provisioning');
});

test('a deletion that is taken back leaves what was before it', (t) => {
  const suspended = settle(ask(active, { kind: 'suspend', reason: 'owner' }));
  const restored = ask(suspended, { kind: 'delete' }, { kind: 'restore' });
  t.like(restored, { status: 'suspended', desired: 'suspended', suspensions: ['owner'] });
  t.like(ask(active, { kind: 'delete' }, { kind: 'restore' }), { status: 'provisioning', desired: 'present', suspensions: [] });
});

test('what never ran has nothing to keep, and is destroyed at once', (t) => {
  t.like(ask(initialState, { kind: 'delete' }), { status: 'deleting', desired: 'absent' });
});

test('restoring a workspace brings back what it suspended, and only that', (t) => {
  const workspace = (state: ApplicationState) =>
    ask(state, { kind: 'suspend', reason: 'workspace' }, { kind: 'resume', reason: 'workspace' });
  t.like(workspace(active), { status: 'provisioning', desired: 'present' });
  t.like(workspace(settle(ask(active, { kind: 'suspend', reason: 'owner' }))), { status: 'suspended', suspensions: ['owner'] });
  t.like(workspace(settle(ask(active, { kind: 'delete' }))), { status: 'deleting', suspensions: ['deletion'] });
});

test('only what takes the application down stops an operation that runs', (t) => {
  const kinds = [
    'provision',
    'update',
    'plan_change',
    'restart',
    'suspend',
    'resume',
    'delete',
    'restore',
    'destroy',
    'retry',
    'repair',
  ] as const;
  t.deepEqual(kinds.filter(stopsOlderOperations), ['suspend', 'delete', 'destroy']);
});

test('each command is refused or carried out in every state, and a refusal says why', (t) => {
  for (const status of appStatuses) {
    for (const wanted of commands) {
      const transition = command({ ...active, status }, wanted);
      if (transition.type === 'refused') t.regex(transition.reason, /^(is|failed) /, `${wanted.kind} of ${status}`);
    }
  }
});
