import test from 'ava';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import type { Route } from '../../../services/shared/routes/route.ts';
import { createWorld, waitFor } from './world.ts';
import type { Worker, World } from './world.ts';

let world: World;
let worker: Worker;

test.before(async () => {
  world = await createWorld();
  worker = await world.startWorker({ HEARTBEAT_MS: '500' });
});
test.after.always(() => world?.close());

async function provisioned(): Promise<string> {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  return appId;
}

async function carryOut(appId: string, wanted: Parameters<World['command']>[1]): Promise<string> {
  const jobId = await world.command(appId, wanted);
  await world.announce(jobId);
  await world.finished(jobId);
  return jobId;
}

const lastCall = async (appId: string) => (await world.calls(appId)).at(-1);
const events = async (appId: string) =>
  world.db.selectFrom('events').select(['type', 'data']).where('application_id', '=', appId).orderBy('sequence').execute();

async function route(appId: string, status: string): Promise<Route> {
  const read = async () => routeSchema.parse(JSON.parse((await world.redis.get(routeKey(appId))) ?? 'null'));
  return waitFor(read, (found) => found.status === status, `the route to be ${status}`);
}

test('a suspended application keeps its stack without pods, and a resumed one is served again', async (t) => {
  const appId = await provisioned();
  await carryOut(appId, { kind: 'suspend', reason: 'owner' });
  t.is((await lastCall(appId))?.replicas, 0);
  t.like(await world.application(appId), { status: 'suspended', serving: false, observed_generation: 2 });
  t.like(await route(appId, 'suspended'), { internalUrl: null });

  await carryOut(appId, { kind: 'resume', reason: 'owner' });
  t.true(((await lastCall(appId))?.replicas ?? 0) > 0);
  t.like(await world.application(appId), { status: 'active', serving: true });
  t.truthy((await route(appId, 'active')).internalUrl);
});

test('a restart changes when the pods were last started, and nothing else', async (t) => {
  const appId = await provisioned();
  await carryOut(appId, { kind: 'restart' });
  const [first, second] = await world.calls(appId);
  t.is(first?.restartedAt, undefined);
  t.is(second?.restartedAt, (await world.application(appId)).restarted_at?.toISOString());
  t.deepEqual({ ...second, pid: 0, restartedAt: undefined }, { ...first, pid: 0, restartedAt: undefined });
  t.is((await world.application(appId)).status, 'active');
});

test('a deleted application keeps its stack for its grace period, without pods and without keys', async (t) => {
  const appId = await provisioned();
  await carryOut(appId, { kind: 'delete' });
  t.like(await lastCall(appId), { kind: 'up', replicas: 0 });
  t.like(await world.application(appId), { status: 'deleting', desired: 'suspended' });
  t.like(await route(appId, 'deleting'), { keys: [], internalUrl: null });

  await carryOut(appId, { kind: 'restore' });
  t.is((await world.application(appId)).status, 'active');
  t.is((await route(appId, 'active')).keys.length, 1);
});

test('a destruction leaves a record of what was removed, and the reason for a message to the owner', async (t) => {
  const appId = await provisioned();
  await carryOut(appId, { kind: 'destroy' });
  const record = await world.db.selectFrom('deletion_records').selectAll().where('application_id', '=', appId).executeTakeFirstOrThrow();
  t.true(record.removed.some(({ kind, name }) => kind === 'scripted:index:Thing' && name === 'Namespace'));
  t.truthy(record.requested_at && record.verified_at);
  t.deepEqual(
    (await events(appId)).map(({ type }) => type),
    ['application.provisioned', 'application.deleted'],
  );
});

test('a failure for good is an event with its cause', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['fail-for-good'] });
  await world.announce(jobId);
  await world.finished(jobId);
  t.like((await events(appId))[0], { type: 'application.failed', data: { code: 'pods_not_ready', kind: 'provision', attempts: 1 } });
});

test('an operation that is cancelled stops within a heartbeat, and the next one cleans up after it', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  await world.db.updateTable('jobs').set({ cancel_requested_at: new Date() }).where('id', '=', jobId).execute();
  t.is((await world.finished(jobId)).status, 'cancelled');
  t.like(await world.application(appId), { status: 'failed', failure: { code: 'cancelled', operationId: jobId } });
  t.deepEqual(await events(appId), [], 'nobody needs to be told of what they asked for');

  await carryOut(appId, { kind: 'retry' });
  t.is((await world.application(appId)).status, 'active');
  t.true((await lastCall(appId))?.takeover);
});

test('an operation whose worker died before it could be cancelled is not carried out again', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  await world.db
    .updateTable('operations')
    .set({ heartbeat_at: new Date(0) })
    .where('job_id', '=', jobId)
    .execute();
  await world.db.updateTable('jobs').set({ cancel_requested_at: new Date() }).where('id', '=', jobId).execute();
  await world.announce(jobId, `${jobId}-again`);
  t.is((await world.finished(jobId)).status, 'cancelled');
  t.like(await world.application(appId), { status: 'failed', failure: { code: 'cancelled' } });
});

test('a suspension stops an update that runs, and what failed meanwhile lets nobody in', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['succeed', 'hold', 'fail-for-good'] });
  await world.announce(jobId);
  await world.finished(jobId);
  const update = await world.command(appId, { kind: 'update' });
  await world.announce(update);
  await world.started(appId, 2);
  const suspension = await world.command(appId, { kind: 'suspend', reason: 'owner' });
  await world.announce(suspension);
  t.is((await world.finished(update)).status, 'superseded');
  t.is((await world.finished(suspension)).status, 'dead');
  t.is((await world.application(appId)).status, 'failed');
  t.like(await route(appId, 'suspended'), { internalUrl: null });
});

test('a repair looks at what is really there before it changes anything', async (t) => {
  const appId = await provisioned();
  await carryOut(appId, { kind: 'repair' });
  t.like(await lastCall(appId), { kind: 'up', takeover: true });
});

test('the steps of the engine are kept, in their order', async (t) => {
  const appId = await provisioned();
  const [operation] = await world.operations(appId);
  const steps = await world.db
    .selectFrom('operation_events')
    .select(['sequence', 'change', 'resource_name', 'status'])
    .where('operation_id', '=', operation?.id ?? '')
    .orderBy('sequence')
    .execute();
  t.deepEqual(steps, [
    { sequence: 1, change: 'created', resource_name: 'Namespace', status: 'done' },
    { sequence: 2, change: 'created', resource_name: 'Deployment', status: 'done' },
  ]);
  t.true(worker.lines.length > 0);
});
