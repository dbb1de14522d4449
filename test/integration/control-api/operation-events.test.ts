import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { KyselyPlugin } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import type { OperationView } from '../../../services/control-api/presenters/present-operation.ts';
import { createOperationPoller } from '../../../services/control-api/streams/operation-poller.ts';
import { createLog } from '../../../services/shared/log.ts';
import { currentTrace, runInTrace } from '../../../services/shared/trace-context.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { openEvents } from '../../support/event-reader.ts';
import type { EventReader } from '../../support/event-reader.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, begin, endAttempt, newestJob, settle, writeEvents } from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi({ streaming: { maxStreamsPerUser: 100 } });
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

interface Watched {
  id: string;
  operationId: string;
  path: string;
}

async function restarting(at: TestControlApi = api, by: OwnerClient = owner): Promise<Watched> {
  const { id } = await activeApplication(at, by);
  await by.post(`/control/v1/applications/${id}/restart`, undefined);
  const { id: operationId } = await newestJob(at.db, id);
  return { id, operationId, path: `/control/v1/applications/${id}/operations/${operationId}/events` };
}

async function open(t: ExecutionContext, path: string, lastEventId?: string): Promise<EventReader> {
  const reader = await openEvents(`${api.url}${path}`, { token: owner.token, lastEventId });
  t.teardown(() => reader.abort());
  return reader;
}

const named = (reader: EventReader, name: string) => reader.events.filter(({ event }) => event === name).map(({ data }) => data);
const resourcesOf = (reader: EventReader) => named(reader, 'resource').map((data) => (data as { name: string }).name);
const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

test('an operation is streamed from its queue to its end: as a whole, its phases, its resources, and then the stream closes', async (t) => {
  const { id, operationId, path } = await restarting();
  const reader = await open(t, path);
  t.is(reader.status, 200);
  t.is(reader.headers['content-type'], 'text/event-stream; charset=utf-8');
  t.is(reader.headers['cache-control'], 'no-store, no-transform');
  t.truthy(reader.headers['x-authsome-request-id']);
  const [first] = await reader.until('operation');
  t.like(first?.data, { id: operationId, kind: 'restart', status: 'queued' });

  const queued = { name: 'queued', startedAt: time(0), endedAt: time(1) };
  const attempt = await begin(api.db, id, { phases: [queued, { name: 'stack', startedAt: time(1), endedAt: null }] });
  await writeEvents(api.db, attempt, { first: 1, names: ['a'], status: 'started' });
  await writeEvents(api.db, attempt, { first: 2, names: ['a', 'b'] });
  await reader.until('resource', 3);
  const [, running] = await reader.until('operation', 2);
  t.like(running?.data, { status: 'running' });

  const phases = [queued, { name: 'stack', startedAt: time(1), endedAt: time(5) }];
  await api.db
    .updateTable('operations')
    .set({ phases: JSON.stringify(phases) })
    .where('id', '=', attempt)
    .execute();
  await endAttempt(api.db, attempt);
  await settle(api.db, id);
  t.is(await reader.ended, 'ended');

  t.deepEqual(
    named(reader, 'phase').filter((phase) => (phase as { attemptId: unknown }).attemptId !== null),
    [
      { attemptId: attempt, ...queued },
      { attemptId: attempt, name: 'stack', startedAt: time(1), endedAt: null },
      { attemptId: attempt, name: 'stack', startedAt: time(1), endedAt: time(5) },
    ],
  );
  t.deepEqual(
    reader.events.filter(({ event }) => event === 'resource').map(({ id: eventId }) => eventId),
    [1, 2, 3].map((sequence) => `${attempt}:${sequence}`),
  );
  t.like(named(reader, 'resource')[0], { attemptId: attempt, change: 'created', name: 'a', status: 'started' });
  t.is((named(reader, 'operation').at(-1) as OperationView).status, 'succeeded');
  t.deepEqual(reader.events.at(-1), { event: 'end', id: undefined, data: { status: 'succeeded' } });
});

test('one that has ended is told as a whole, and the stream closes', async (t) => {
  const { id, path } = await restarting();
  const attempt = await begin(api.db, id);
  await writeEvents(api.db, attempt, { first: 1, names: ['a', 'b'] });
  await endAttempt(api.db, attempt, 'failed');
  await settle(api.db, id, { outcome: 'failed' });
  const reader = await open(t, path);
  t.is(await reader.ended, 'ended');
  t.is(reader.events[0]?.event, 'operation');
  t.like(reader.events[0]?.data, { status: 'failed', error: { code: 'pods_not_ready' } });
  t.deepEqual(resourcesOf(reader), ['a', 'b']);
  t.deepEqual(named(reader, 'end'), [{ status: 'failed' }]);
  t.is(named(reader, 'operation').length, 1);
});

test('a client that comes back goes on after the event that it has seen last', async (t) => {
  const { id, path } = await restarting();
  const attempt = await begin(api.db, id);
  await writeEvents(api.db, attempt, { first: 1, names: ['a', 'b', 'c'] });
  const first = await open(t, path);
  const [, second] = await first.until('resource', 3);
  first.abort();

  const again = await open(t, path, second?.id);
  await again.until('resource');
  await writeEvents(api.db, attempt, { first: 4, names: ['d'] });
  await again.until('resource', 2);
  t.deepEqual(resourcesOf(again), ['c', 'd']);
  t.is(again.events[0]?.event, 'operation', 'the whole is told again');
});

test('a new attempt is gone over to, with what the one before did last', async (t) => {
  const { id, path } = await restarting();
  const first = await begin(api.db, id);
  const reader = await open(t, path);
  await writeEvents(api.db, first, { first: 1, names: ['a'] });
  await reader.until('resource');
  await writeEvents(api.db, first, { first: 2, names: ['b'] });
  await endAttempt(api.db, first, 'abandoned');
  const second = await begin(api.db, id, { worker: 'worker-2' });
  await writeEvents(api.db, second, { first: 1, names: ['c'] });
  await reader.until('resource', 3);
  t.deepEqual(resourcesOf(reader), ['a', 'b', 'c']);

  const late = await open(t, path);
  await late.until('resource');
  t.deepEqual(resourcesOf(late), ['c'], 'who comes now sees the newest attempt');
  const back = await open(t, path, `${first}:1`);
  await back.until('resource', 2);
  t.deepEqual(resourcesOf(back), ['b', 'c'], 'who was there before misses nothing');
});

const startsOver = test.macro({
  title: (what) => `a Last-Event-ID that is ${what ?? ''} is as good as none`,
  async exec(t, lastEventId: string) {
    const { id, path } = await restarting();
    const attempt = await begin(api.db, id);
    await writeEvents(api.db, attempt, { first: 1, names: ['a', 'b'] });
    const reader = await open(t, path, lastEventId);
    await reader.until('resource', 2);
    t.deepEqual(resourcesOf(reader), ['a', 'b']);
  },
});
test('a word', startsOver, 'last');
test('of an unknown attempt', startsOver, 'op_unknown1234:1');
test('SQL', startsOver, `op_1' or '1'='1:1`);
test('a number beyond all', startsOver, 'op_unknown1234:99999999999999999999');

test('more events than one look takes come all, in order, before the end', async (t) => {
  const { id, path } = await restarting();
  const attempt = await begin(api.db, id);
  const names = Array.from({ length: 950 }, (_, index) => `resource-${index}`);
  await writeEvents(api.db, attempt, { first: 1, names });
  await endAttempt(api.db, attempt);
  await settle(api.db, id);
  const reader = await open(t, path);
  t.is(await reader.ended, 'ended');
  t.deepEqual(resourcesOf(reader), names);
  t.is(reader.events.at(-1)?.event, 'end');
});

test('many viewers of many operations each see their own', async (t) => {
  const watched = await Promise.all(Array.from({ length: 8 }, () => restarting()));
  const readers = await Promise.all(watched.flatMap(({ path }) => [open(t, path), open(t, path)]));
  await Promise.all(
    watched.map(async ({ id }) => {
      const attempt = await begin(api.db, id);
      await writeEvents(api.db, attempt, { first: 1, names: [id] });
      await settle(api.db, id);
    }),
  );
  for (const [index, reader] of readers.entries()) {
    t.is(await reader.ended, 'ended');
    t.deepEqual(resourcesOf(reader), [watched[Math.floor(index / 2)]?.id ?? '']);
  }
});

test('a HEAD request is answered at once', async (t) => {
  const { path } = await restarting();
  const { status, headers } = await request(api.url, { method: 'HEAD', path, token: owner.token });
  t.is(status, 200);
  t.is(headers.get('content-type'), 'text/event-stream; charset=utf-8');
});

test('without a token there is no stream', async (t) => {
  const { path } = await restarting();
  t.is((await request(api.url, { method: 'GET', path })).status, 401);
});

async function limited(t: ExecutionContext, streaming: Parameters<typeof startControlApi>[0]) {
  const at = await startControlApi(streaming);
  t.teardown(() => at.close());
  const by = await signUpOwner(at.url);
  const watch = async (path: string, token = by.token) => {
    const reader = await openEvents(`${at.url}${path}`, { token });
    t.teardown(() => reader.abort());
    return reader;
  };
  return { at, by, watch };
}

test('a stream that is idle is kept open by comments', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { limits: { heartbeatMs: 20 } } });
  const reader = await watch((await restarting(at, by)).path);
  await waitFor('comments', () => reader.comments() >= 3);
  t.is(reader.events.filter(({ event }) => event === 'end').length, 0);
});

test('a stream ends after its time without an end of the operation, so that the client asks anew whether it may', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { limits: { maxMs: 300 } } });
  const { path } = await restarting(at, by);
  const reader = await watch(path);
  t.is(await reader.ended, 'ended');
  t.false(reader.events.some(({ event }) => event === 'end'));
  await by.post('/control/v1/auth/logout', undefined);
  t.is((await watch(path)).status, 401);
});

test('more streams than one user may have are refused with 429, and one that ends makes room', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { maxStreamsPerUser: 2 } });
  const { path } = await restarting(at, by);
  const [first] = [await watch(path), await watch(path)];
  const refused = await request<ErrorAnswer>(at.url, { method: 'GET', path, token: by.token });
  t.is(refused.status, 429);
  t.truthy(refused.headers.get('retry-after'));
  first.abort();
  await waitFor('a place', async () => {
    const reader = await watch(path);
    return reader.status === 200;
  });
});

test('more streams than the process takes are refused with 503, and other requests are answered', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { maxStreams: 1 } });
  const { path, id } = await restarting(at, by);
  await watch(path);
  const { status, body } = await request<ErrorAnswer>(at.url, { method: 'GET', path, token: by.token });
  t.is(status, 503);
  t.is(body.error.details?.reason, 'busy');
  t.is((await by.get(`/control/v1/applications/${id}`)).status, 200);
});

test('a client that leaves gives its place back', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { maxStreams: 1 } });
  const { path } = await restarting(at, by);
  (await watch(path)).abort();
  await waitFor('the place', async () => (await watch(path)).status === 200);
  t.pass();
});

test('all viewers together cost two queries a round, and none once nobody watches', async (t) => {
  const { id, operationId } = await restarting();
  await begin(api.db, id);
  let queries = 0;
  const counting: KyselyPlugin = {
    transformQuery({ node }) {
      queries += 1;
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  const poller = createOperationPoller({ db: api.db.withPlugin(counting), log: createLog({ name: 'test', level: 'silent' }), pollMs: 20 });
  let looks = 0;
  const watchers = Array.from({ length: 10 }, () =>
    poller.watch({ operationId, cursor: { attempt: 0, sequence: 0 }, ready: () => true, take: () => (looks += 1) }),
  );
  await waitFor('three rounds', () => looks >= 30);
  const rounds = Math.ceil(queries / 2);
  t.true(Math.abs(looks / 10 - rounds) <= 1, `${looks} looks in ${queries} queries`);
  for (const unwatch of watchers) unwatch();
  await delay(100);
  const after = queries;
  await delay(200);
  t.is(queries, after);
});

test('a look at the operations is of no viewer’s trace', async (t) => {
  const { operationId } = await restarting();
  const traces = new Set<unknown>();
  const noting: KyselyPlugin = {
    transformQuery({ node }) {
      traces.add(currentTrace()?.traceId);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  const poller = createOperationPoller({ db: api.db.withPlugin(noting), log: createLog({ name: 'test', level: 'silent' }), pollMs: 20 });
  let looks = 0;
  const unwatch = runInTrace({ traceId: 'viewer', traceParent: '' }, () =>
    poller.watch({ operationId, cursor: { attempt: 0, sequence: 0 }, ready: () => true, take: () => (looks += 1) }),
  );
  await waitFor('two rounds', () => looks >= 2);
  unwatch();
  t.deepEqual([...traces], [undefined]);
});

test('a database that is away does not end the streams, and what happened meanwhile is told then', async (t) => {
  const { at, by, watch } = await limited(t, { streaming: { pollMs: 20 } });
  const { id, path } = await restarting(at, by);
  const reader = await watch(path);
  await reader.until('operation');
  await at.db.schema.alterTable('operation_events').renameTo('operation_events_away').execute();
  await waitFor('the fault in the log', () => at.lines.some((line) => line.includes('Watched operations could not be read')));
  await at.db.schema.alterTable('operation_events_away').renameTo('operation_events').execute();
  const attempt = await begin(at.db, id);
  await writeEvents(at.db, attempt, { first: 1, names: ['a'] });
  await reader.until('resource');
  t.is(at.lines.filter((line) => line.includes('"warn"') && line.includes('Watched operations could not be read')).length, 1);
});

test('a shutdown ends the streams at once, and lets no more in', async (t) => {
  const { at, by, watch } = await limited(t, {});
  const { path } = await restarting(at, by);
  const reader = await watch(path);
  await reader.until('operation');
  at.streams.close();
  t.is(await reader.ended, 'ended');
  const { status, body } = await request<ErrorAnswer>(at.url, { method: 'GET', path, token: by.token });
  t.is(status, 503);
  t.is(body.error.details?.reason, 'maintenance');
});
