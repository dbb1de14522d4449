import test from 'ava';
import { createOperationEvents, startingCursor } from '../../../services/control-api/streams/operation-stream.ts';
import type { EventRow } from '../../../services/control-api/stores/operation-event-store.ts';
import type { AttemptRow, OperationRow } from '../../../services/control-api/stores/operation-store.ts';

const at = '2026-01-01T00:00:00.000Z';

function attempt(change: Partial<AttemptRow> = {}): AttemptRow {
  return {
    ...{ id: 'op_attempt1', fencing_token: 7, status: 'running', worker: 'w', phase: 'stack', phases: [], progress: {}, error: null },
    ...{ heartbeat_at: at, started_at: at, finished_at: null, overdue_at: null },
    ...change,
  };
}

function operation(change: Partial<OperationRow> = {}): OperationRow {
  return {
    ...{ id: 'job_1', application_id: 'app_1', kind: 'restart', generation: 2, status: 'running', attempts: 0, max_attempts: 4 },
    ...{ run_after: new Date(at), published_at: null, created_at: new Date(at), cancel_requested_at: null, finished_at: null, error: null },
    trace_parent: null,
    attemptRows: [attempt()],
    ...change,
  };
}

const event = (sequence: number): EventRow => ({
  ...{ operation_id: 'op_attempt1', attempt: 7, sequence, at, change: 'created', status: 'done' },
  ...{ resource_type: 'type', resource_name: `name-${sequence}` },
});

const look = (change: Partial<OperationRow> = {}, events: EventRow[] = [], more = false) => ({
  operation: operation(change),
  events,
  more,
});
const names = (events: { event: string }[]) => events.map((one) => one.event);

test('the whole is told first, and again only when its status changes', (t) => {
  const events = createOperationEvents();
  t.deepEqual(names(events.next(look())), ['operation']);
  t.deepEqual(names(events.next(look())), []);
  t.deepEqual(names(events.next(look({ cancel_requested_at: new Date(at) }))), ['operation']);
  t.deepEqual(names(events.next(look({ cancel_requested_at: new Date(at), attemptRows: [attempt({ overdue_at: at })] }))), ['operation']);
});

test('a phase is told when it begins and when it ends, once each', (t) => {
  const events = createOperationEvents();
  const begun = [attempt({ phases: [{ name: 'stack', startedAt: at, endedAt: null }] })];
  t.deepEqual(names(events.next(look({ attemptRows: begun }))), ['operation', 'phase']);
  t.deepEqual(names(events.next(look({ attemptRows: begun }))), []);
  const ended = [attempt({ phases: [{ name: 'stack', startedAt: at, endedAt: at }] })];
  t.deepEqual(events.next(look({ attemptRows: ended })), [
    { event: 'phase', data: { attemptId: 'op_attempt1', name: 'stack', startedAt: at, endedAt: at } },
  ]);
});

test('at the end: first what led to it, then the whole, then one more look for what came after the commit', (t) => {
  const events = createOperationEvents();
  events.next(look());
  const done = { status: 'succeeded', finished_at: new Date(at) } as const;
  t.deepEqual(names(events.next(look(done, [event(1)]))), ['resource', 'operation']);
  t.false(events.ended());
  const routed = [attempt({ status: 'succeeded', phases: [{ name: 'publish-route', startedAt: at, endedAt: at }] })];
  t.deepEqual(names(events.next(look({ ...done, attemptRows: routed }))), ['phase', 'operation', 'end']);
  t.true(events.ended());
  t.deepEqual(events.next(look(done)), [], 'nothing comes after the end');
});

test('it does not end while there are more events', (t) => {
  const events = createOperationEvents();
  const done = { status: 'dead', finished_at: new Date(at) } as const;
  events.next(look(done, [event(1)], true));
  events.next(look(done, [event(2)], true));
  t.deepEqual(names(events.next(look(done, [event(3)]))), ['resource']);
  t.false(events.ended());
  t.deepEqual(names(events.next(look(done))), ['end']);
});

test('an event names its place, and a stream that begins there goes on after it', (t) => {
  const events = createOperationEvents();
  const [, resource] = events.next(look({}, [event(3)]));
  t.is(resource?.id, 'op_attempt1:3');
  t.deepEqual(startingCursor(operation(), resource?.id ?? ''), { attempt: 7, sequence: 3 });
});

test('without a place of its own a stream begins with the newest attempt', (t) => {
  const two = operation({ attemptRows: [attempt({ id: 'op_attempt2', fencing_token: 9 }), attempt()] });
  for (const id of ['', 'op_attempt1', 'op_unknown1:3', 'op_attempt1:-1', 'op_attempt1:1 ', ':1']) {
    t.deepEqual(startingCursor(two, id), { attempt: 9, sequence: 0 }, id);
  }
  t.deepEqual(startingCursor(operation({ attemptRows: [] }), ''), { attempt: 0, sequence: 0 });
});
