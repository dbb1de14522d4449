import { randomBytes } from 'node:crypto';
import test from 'ava';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { newId } from '../../../services/shared/ids.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import type { Route } from '../../../services/shared/routes/route.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { dumpDatabase } from '../../support/dump-database.ts';
import { createWorld, waitFor } from './world.ts';
import type { Worker, World } from './world.ts';

let world: World;
let worker: Worker;

test.before(async () => {
  world = await createWorld();
  worker = await world.startWorker();
});
test.after.always(() => world?.close());

const routeWith = (appId: string, status: Route['status']) =>
  waitFor(
    async () => routeSchema.nullable().parse(JSON.parse((await world.redis.get(routeKey(appId))) ?? 'null')),
    (route) => route?.status === status,
    `the route that is ${status}`,
  );

const config = appConfigSchema.parse({
  email: { from: 'a@acme.example', smtp: { host: 'smtp.acme.example', username: 'acme', password: 'hunter2-smtp' } },
  socialProviders: { google: { clientId: 'google-id', clientSecret: 'hunter2-google' } },
  oidcProviders: { idp: { issuer: 'https://idp.acme.example', clientId: 'idp-id', clientSecret: 'hunter2-idp' } },
});

test('an update brings the application to its new generation, and it is active again', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  const update = await world.command(appId, { kind: 'update' });
  await world.announce(update);
  t.is((await world.finished(update)).status, 'succeeded');
  t.like(await world.application(appId), { status: 'active', generation: 2, observed_generation: 2, failure: null });
  t.deepEqual(
    (await world.operations(appId)).map(({ kind, generation, status }) => ({ kind, generation, status })),
    [
      { kind: 'provision', generation: 1, status: 'succeeded' },
      { kind: 'update', generation: 2, status: 'succeeded' },
    ],
  );
  await routeWith(appId, 'active');
});

test('a change during the first provisioning lets that one be served, and is then carried out', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  const change = await world.command(appId, { kind: 'update' });
  // The second waits, so that what is between the two can be seen.
  await world.db
    .updateTable('jobs')
    .set({ run_after: new Date(Date.now() + 3_600_000) })
    .where('id', '=', change)
    .execute();
  await world.release(appId);
  t.is((await world.finished(jobId)).status, 'succeeded');
  const between = await world.application(appId);
  t.like(between, { status: 'updating', generation: 2, observed_generation: 1, failure: null });
  t.truthy(between.active_at);
  const { internalUrl, sealedInstanceToken } = (await routeWith(appId, 'updating')) ?? {};
  t.truthy(internalUrl && sealedInstanceToken);

  await world.db.updateTable('jobs').set({ run_after: new Date() }).where('id', '=', change).execute();
  await world.finished(change);
  t.like(await world.application(appId), { status: 'active', observed_generation: 2 });
});

test('of changes that come while an operation runs, only the newest is carried out', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  const changes = [await world.command(appId, { kind: 'update' }), await world.command(appId, { kind: 'update' })];
  for (const change of changes) await world.announce(change);
  await world.release(appId);
  const [older, newer] = [await world.finished(changes[0] ?? ''), await world.finished(changes[1] ?? '')];
  t.deepEqual([older.status, newer.status], ['superseded', 'succeeded']);
  t.deepEqual(
    (await world.operations(appId)).map(({ generation }) => generation),
    [1, 3],
  );
  t.like(await world.application(appId), { status: 'active', observed_generation: 3 });
});

test('an update that fails for good leaves what ran before to be served, and the next one mends it', async (t) => {
  const { appId, jobId } = await world.insertApplication({ script: ['succeed', 'fail-for-good', 'succeed'] });
  await world.announce(jobId);
  await world.finished(jobId);
  const before = await world.application(appId);
  const update = await world.command(appId, { kind: 'update' });
  await world.announce(update);
  t.is((await world.finished(update)).status, 'dead');

  const failed = await world.application(appId);
  t.like(failed, { status: 'failed', generation: 2, observed_generation: 1, failure: { code: 'pods_not_ready' } });
  t.like(failed, { internal_url: before.internal_url, sealed_instance_token: before.sealed_instance_token, active_at: before.active_at });
  const route = await routeWith(appId, 'failed');
  t.like(route, { internalUrl: before.internal_url, sealedInstanceToken: before.sealed_instance_token });
  t.is(route?.keys.length, 1);

  const next = await world.command(appId, { kind: 'update' });
  await world.announce(next);
  await world.finished(next);
  t.like(await world.application(appId), { status: 'active', observed_generation: 3, failure: null });
});

test('the child gets the configuration with its secrets, and nothing else keeps them', async (t) => {
  const { appId, jobId } = await world.insertConfigured({ config });
  await world.announce(jobId);
  t.is((await world.finished(jobId)).status, 'succeeded');
  const [call] = await world.calls(appId);
  t.deepEqual<unknown, unknown>(call?.config, config);
  t.false((await dumpDatabase(world.db)).includes('hunter2'));
  t.false(worker.lines.join('\n').includes('hunter2'));
});

test('a stack follows the plan, and its database stays where it was made', async (t) => {
  const { appId, jobId } = await world.insertApplication();
  await world.announce(jobId);
  await world.finished(jobId);
  // A workspace of its own: the other tests' applications stay on free.
  const workspaceId = newId('ws');
  await world.db.insertInto('workspaces').values({ id: workspaceId, name: 'Pro', plan: 'pro' }).execute();
  await world.db.updateTable('applications').set({ workspace_id: workspaceId }).where('id', '=', appId).execute();
  const update = await world.command(appId, { kind: 'update' });
  await world.announce(update);
  t.is((await world.finished(update)).status, 'succeeded');

  const dedicated = await world.insertApplication({ columns: () => ({ workspace_id: workspaceId, database_tier: 'dedicated' }) });
  await world.announce(dedicated.jobId);
  await world.finished(dedicated.jobId);

  const calls = [...(await world.calls(appId)), ...(await world.calls(dedicated.appId))];
  t.deepEqual(
    calls.map(({ plan, databaseTier }) => [plan, databaseTier]),
    [
      ['free', 'shared'],
      ['pro', 'shared'],
      ['pro', 'dedicated'],
    ],
  );
});

test('an error that quotes the configuration is kept without its secrets', async (t) => {
  const { appId, jobId } = await world.insertConfigured({ config, script: ['blab-config'] });
  await world.announce(jobId);
  t.is((await world.finished(jobId)).status, 'dead');
  const { failure } = await world.application(appId);
  t.regex(failure?.message ?? '', /google-id.*\[redacted\]/);
  t.false((await dumpDatabase(world.db)).includes('hunter2'));
  t.false(worker.lines.join('\n').includes('hunter2'));
});

test('secrets that can’t be opened fail the operation without a child, and do not keep the application from being deleted', async (t) => {
  const { appId, jobId } = await world.insertConfigured({ config, box: createSecretBox(randomBytes(32).toString('base64')) });
  await world.announce(jobId);
  t.like(await world.finished(jobId), { status: 'dead', attempts: 4 });
  t.like((await world.application(appId)).failure, { code: 'secrets_unreadable' });
  t.deepEqual(await world.calls(appId), []);

  const deletion = await world.command(appId, { kind: 'destroy' });
  await world.announce(deletion);
  t.is((await world.finished(deletion)).status, 'succeeded');
  t.is((await world.application(appId)).status, 'deleted');
});

test('an application whose row makes no spec can be deleted', async (t) => {
  const { appId, jobId } = await world.insertApplication({ config: { colour: 'red' } });
  await world.announce(jobId);
  t.is((await world.finished(jobId)).status, 'dead');
  const deletion = await world.command(appId, { kind: 'destroy' });
  await world.announce(deletion);
  t.is((await world.finished(deletion)).status, 'succeeded');
  t.deepEqual(
    (await world.calls(appId)).map(({ kind }) => kind),
    ['destroy'],
  );
});
