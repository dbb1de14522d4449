import test from 'ava';
import { createPlainDisplay } from '../../../cli/watch/operation-view.ts';
import { initialOperationState, withPhase, withResource } from '../../../cli/watch/operation-state.ts';
import type { OperationState } from '../../../cli/watch/operation-state.ts';
import { renderOperation } from '../../../cli/watch/render-operation.ts';
import type { Operation } from '../../../cli/control-client.ts';
import type { ResourceEvent } from '../../../cli/watch/follow-operation.ts';

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const operation: Operation = {
  ...{ id: 'job_1', kind: 'update', status: 'running', phase: 'stack', phases: [], error: null },
  ...{ createdAt: time(0), finishedAt: null, overdue: false, attempts: [{ id: 'op_1', status: 'running' }] },
};
const phase = (name: string, start: number, end: number | null, attemptId = 'op_1') => ({
  ...{ attemptId, name, startedAt: time(start) },
  endedAt: end === null ? null : time(end),
});
const resource = (name: string, status: ResourceEvent['status']): ResourceEvent => ({
  at: time(0),
  change: 'created',
  type: 'Secret',
  name,
  status,
});

test('phases, counts and what is under way are shown with their times', (t) => {
  let state: OperationState = { ...initialOperationState, operation };
  for (const one of [phase('queued', 0, 2), phase('stack', 2, null)]) state = withPhase(state, one);
  for (const one of [resource('a', 'started'), resource('b', 'started'), resource('a', 'done'), resource('c', 'failed')])
    state = withResource(state, one);
  t.deepEqual(renderOperation(state, Date.parse(time(5))), [
    'update, running',
    '  queued         2.00 s',
    '> stack          3.00 s',
    '  1 created',
    '    created Secret b',
    '    created Secret c: failed',
  ]);
});

test('a phase that is told again is not doubled, and a new attempt begins anew', (t) => {
  let state = withPhase(withPhase(initialOperationState, phase('queued', 0, null)), phase('queued', 0, 1));
  t.is(state.phases.length, 1);
  state = withResource(state, resource('a', 'done'));
  state = withPhase(state, phase('queued', 9, 10, 'op_2'));
  t.deepEqual(state.phases, [phase('queued', 9, 10, 'op_2')]);
  t.is(state.counts.size, 0);
});

test('without a terminal each thing is a line, told once whatever the connection does', (t) => {
  const lines: string[] = [];
  const display = createPlainDisplay((line) => lines.push(line));
  const { listener } = display;
  const tell = () => {
    listener.operation(operation);
    listener.phase(phase('queued', 0, 1));
    listener.phase(phase('stack', 1, null));
  };
  tell();
  listener.resource(resource('a', 'done'));
  listener.interrupted('the stream ended');
  tell();
  listener.phase(phase('stack', 1, 3));
  listener.operation({ ...operation, status: 'succeeded' });
  display.close();
  t.deepEqual(lines, [
    'update running',
    '  queued         1.00 s',
    '  connection lost (the stream ended), going on',
    '  stack          2.00 s',
    'update succeeded',
    '  1 created',
  ]);
});
