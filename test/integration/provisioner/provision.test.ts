import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import test from 'ava';
import { deadLetterStream } from '../../../services/shared/jobs/job.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { adminPassword, createWorld, passphrase, waitFor } from './world.ts';
import type { Worker, World } from './world.ts';

let world: World;
let worker: Worker;

test.before(async () => {
  world = await createWorld();
  worker = await world.startWorker();
});
test.after.always(() => world?.close());

const route = (appId: string) => world.redis.get(routeKey(appId));

test('a job makes the application active and its route known to the proxies', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  t.is((await world.finished(jobId)).status, 'succeeded');

  const stored = await waitFor(
    () => route(appId),
    (text) => text !== null,
    'the route',
  );
  const { status, internalUrl, sealedInstanceToken, keys, revision } = routeSchema.parse(JSON.parse(stored ?? ''));
  const row = await world.application(appId);
  t.like(row, { status: 'active', observed_generation: 1, program_version: 'scripted', failure: null, revision: 2 });
  t.is(row.namespace, `authsome-${appId.replace('_', '-')}`);
  t.truthy(row.active_at);
  t.is(status, 'active');
  t.is(internalUrl, row.internal_url);
  t.is(revision, row.revision);
  t.is(keys.length, 1);
  t.is(world.box.open(sealedInstanceToken ?? '', appId), `token-${appId}-0123456789012345678901234567890123456789`);
});

test("outputs are sealed for their application, and are nobody else's", async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  const { sealed_outputs: sealed } = await world.application(appId);
  t.false(sealed?.includes('tenant-secret'));
  t.true(world.box.open(sealed ?? '', appId).includes('tenant-secret'));
  t.throws(() => world.box.open(sealed ?? '', 'app_someoneelse'));
});

test('an operation keeps its phases with their times, and what it did', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  const [operation] = await waitFor(
    () => world.operations(appId),
    ([first]) => first?.phase === 'publish-route',
    'the last phase',
  );
  t.deepEqual(
    operation?.phases.map(({ name }) => name),
    ['queued', 'starting', 'applying', 'store-outputs', 'publish-route'],
  );
  t.true(operation?.phases.every(({ startedAt, endedAt }) => endedAt !== null && startedAt <= endedAt));
  t.like(operation?.progress, { created: 2, lastResource: 'Deployment' });
  t.like(operation, { kind: 'provision', status: 'succeeded', worker: worker.name });
});

test('a doubled message leads to one operation', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold'] });
  await world.announce(jobId, `${jobId}-1`);
  await world.announce(jobId, `${jobId}-2`);
  await world.started(appId, 1);
  await world.announce(jobId, `${jobId}-3`);
  await world.release(appId);
  await world.finished(jobId);
  await world.announce(jobId, `${jobId}-4`);
  const messages = async () =>
    (await fetch(`${worker.url}/operations`).then((response) => response.json())) as { operations: { appId: string }[] };
  await waitFor(messages, ({ operations }) => operations.every((operation) => operation.appId !== appId), 'the end of its operations');
  t.is((await world.operations(appId)).length, 1);
  t.is((await world.calls(appId)).length, 1);
});

test('a newer generation supersedes a queued job', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  const newer = await world.command(appId, { kind: 'update' });
  await world.announce(jobId);
  await world.announce(newer);
  t.is((await world.finished(jobId)).status, 'superseded');
  t.is((await world.finished(newer)).status, 'succeeded');
  t.deepEqual(
    (await world.operations(appId)).map(({ generation }) => generation),
    [2],
  );
  t.like(await world.application(appId), { status: 'active', observed_generation: 2 });
});

test('a deletion stops the operation that runs, and then goes over what it has left', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  const deletion = await world.command(appId, { kind: 'destroy' });
  await world.announce(deletion);
  t.is((await world.finished(jobId)).status, 'superseded');
  await world.finished(deletion);
  t.is((await world.application(appId)).status, 'deleted');
  t.deepEqual(
    (await world.operations(appId)).map(({ status }) => status),
    ['cancelled', 'succeeded'],
  );
  t.deepEqual(
    (await world.calls(appId)).map(({ kind, takeover }) => ({ kind, takeover })),
    [
      { kind: 'up', takeover: false },
      { kind: 'destroy', takeover: true },
    ],
  );
});

test('a deletion clears the outputs, revokes the keys and removes the route', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  const deletion = await world.command(appId, { kind: 'destroy' });
  await world.announce(deletion);
  await world.finished(deletion);
  await waitFor(
    () => route(appId),
    (text) => text === null,
    'the removal of the route',
  );
  t.like(await world.application(appId), { status: 'deleted', sealed_outputs: null, sealed_instance_token: null, internal_url: null });
  t.truthy((await world.application(appId)).deleted_at);
  const keys = await world.db.selectFrom('api_keys').select('revoked_at').where('application_id', '=', appId).execute();
  t.true(keys.every(({ revoked_at }) => revoked_at !== null));
});

test('a failed operation is tried again after a backoff, and then succeeds', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['fail', 'crash', 'succeed'] });
  await world.announce(jobId);
  t.like(await world.finished(jobId), { status: 'succeeded', attempts: 2, error: null });
  t.like(await world.application(appId), { status: 'active', failure: null });
  const operations = await world.operations(appId);
  t.deepEqual(
    operations.map(({ status }) => status),
    ['failed', 'failed', 'succeeded'],
  );
  const waits = operations
    .slice(1)
    .map((operation, index) => operation.started_at.getTime() - (operations[index]?.finished_at?.getTime() ?? 0));
  t.true((waits[0] ?? 0) >= 50 && (waits[1] ?? 0) >= 100, `the waits were ${waits.join(' and ')} ms`);
  t.deepEqual(
    (await world.calls(appId)).map(({ takeover }) => takeover),
    [false, false, true],
    'only after the crash is there something to clean up',
  );
});

test('after three retries the job is a dead letter with its reason, and the application failed', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['fail'] });
  await world.announce(jobId);
  const job = await world.finished(jobId);
  t.like(job, { status: 'dead', attempts: 4 });
  t.like(job.error, { code: 'pods_not_ready', message: 'scripted: pods_not_ready' });
  const operations = await world.operations(appId);
  t.is(operations.length, 4);
  const row = await world.application(appId);
  t.is(row.status, 'failed');
  t.deepEqual<unknown, unknown>(row.failure, {
    code: 'pods_not_ready',
    message: 'scripted: pods_not_ready',
    operationId: jobId,
  });
  const stored = await waitFor(
    () => route(appId),
    (text) => text !== null,
    'the route',
  );
  t.is(routeSchema.parse(JSON.parse(stored ?? '')).status, 'failed');
});

test('a dead letter is announced with its reason', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['fail-for-good'] });
  await world.announce(jobId);
  await world.finished(jobId);
  const manager = await jetstreamManager(world.nats);
  const letters = async () => {
    const { state } = await manager.streams.info(deadLetterStream.stream);
    const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index);
    const messages = await Promise.all(sequences.map((seq) => manager.streams.getMessage(deadLetterStream.stream, { seq })));
    return messages.map((message) => message?.json<{ jobId: string; appId: string; code: string }>());
  };
  const all = await waitFor(letters, (found) => found.some((letter) => letter?.jobId === jobId), 'the dead letter');
  t.like(
    all.find((letter) => letter?.jobId === jobId),
    { appId, code: 'pods_not_ready' },
  );
});

test('a terminal failure is not tried again', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['fail-for-good'] });
  await world.announce(jobId);
  t.like(await world.finished(jobId), { status: 'dead', attempts: 1 });
  t.is((await world.calls(appId)).length, 1);
});

test('a row that makes no spec fails for good without a child', async (t) => {
  const { appId, jobId } = await world.insertApplication({ config: { colour: 'red' } });
  await world.announce(jobId);
  t.like(await world.finished(jobId), { status: 'dead', attempts: 1 });
  t.is((await world.calls(appId)).length, 0);
  t.like((await world.application(appId)).failure, { code: 'invalid_spec' });
});

test('a job nobody has announced is found by the reconciler', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  t.is((await world.finished(jobId)).status, 'succeeded');
  t.is((await world.calls(appId)).length, 1);
});

test('messages that are no jobs are dropped, and the next job is done', async (t) => {
  for (const text of ['not json', '{"jobId":1}', '{"jobId":"job_unknown","appId":"app_unknown","generation":1}'])
    await jetstream(world.nats).publish('app.provision', text);
  const { jobId } = await world.insertApplication();
  await world.announce(jobId);
  t.is((await world.finished(jobId)).status, 'succeeded');
  t.true(worker.lines.some((line) => line.includes('"not a job message"')));
  t.true(worker.lines.some((line) => line.includes('"no such job"')));
});

test('secrets reach the child through stdin alone, and are in no log and no failure', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['blab'] });
  await world.announce(jobId);
  await world.finished(jobId);
  const { failure } = await world.application(appId);
  t.is((failure as { message?: string } | null)?.message, '[redacted] [redacted]');
  const [call] = await world.calls(appId);
  t.deepEqual(call?.argv, []);
  t.deepEqual(
    call?.variables.filter((name) => !/^(PATH|HOME|KUBECONFIG|PULUMI_.*|OPERATION_TIMEOUT_MS|CANCEL_GRACE_MS)$/.test(name)),
    [],
  );
  const log = worker.lines.join('\n');
  for (const secret of [adminPassword, passphrase, 'tenant-secret', 'token-app_']) t.false(log.includes(secret), secret);
});

test('a running operation is shown without its secrets', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  const text = await fetch(`${worker.url}/operations`).then((response) => response.text());
  const shown = (JSON.parse(text) as { operations: { appId: string }[] }).operations.find((operation) => operation.appId === appId);
  t.deepEqual(Object.keys(shown ?? {}).sort(), ['appId', 'jobId', 'kind', 'operationId', 'phase', 'startedAt']);
  await world.release(appId);
  await world.finished(jobId);
});

test('the service is ready, and its metrics tell the time to ready, the operations and the queue', async (t) => {
  const { jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  t.is(await fetch(`${worker.url}/ready`).then((response) => response.status), 200);
  const metrics = () => fetch(worker.metricsUrl).then((response) => response.text());
  const text = await waitFor(metrics, (page) => /authsome_time_to_ready_seconds_count [1-9]/.test(page), 'the histogram');
  t.regex(text, /authsome_operations_total\{kind="provision",outcome="succeeded"\} [1-9]/);
  for (const name of [
    'authsome_job_queue_ack_pending',
    'authsome_job_queue_redelivered',
    'authsome_oldest_job_seconds',
    'authsome_jobs_waiting',
  ])
    t.regex(text, new RegExp(`^${name} \\d`, 'm'));
});

test('proxies hear of a new route', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  const second = await createTestRedis();
  const subscriber = second.redis;
  t.teardown(() => second.close());
  const heard = new Promise((resolve) => subscriber.on('message', (_channel, message) => message === appId && resolve(true)));
  await subscriber.subscribe('routes:invalidate');
  await world.announce(jobId);
  t.true(await heard);
});
