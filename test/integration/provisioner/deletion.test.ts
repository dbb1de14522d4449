import test from 'ava';
import { routeKey } from '../../../services/shared/routes/route.ts';
import { tenantNamespace } from '../../support/tenant-objects.ts';
import { createWorld, waitFor } from './world.ts';
import type { World } from './world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
  await world.startWorker({ NAMESPACE_PATIENCE_MS: '500', NAMESPACE_WAIT_MS: '3000' });
});
test.after.always(() => world?.close());

const ended = (jobId: string) =>
  waitFor(
    () => world.job(jobId),
    ({ status }) => ['succeeded', 'dead', 'cancelled'].includes(status),
    `the end of ${jobId}`,
    60_000,
  );

/** An application that is active, whose namespace and database the scripted child has of course not made. */
async function provisioned(script: Parameters<World['insertApplication']>[0] = {}): Promise<string> {
  const { appId, jobId } = await world.insertApplication(script);
  await ended(jobId);
  return appId;
}

const record = (appId: string) =>
  world.db.selectFrom('deletion_records').selectAll().where('application_id', '=', appId).executeTakeFirst();
const namespaceOf = (appId: string): string => tenantNamespace(appId).metadata.name;

test('a deletion leaves a record of what was removed, and where it was looked afterwards', async (t) => {
  const appId = await provisioned();
  const jobId = await world.command(appId, { kind: 'destroy' });
  t.is((await ended(jobId)).status, 'succeeded');
  t.is((await world.application(appId)).status, 'deleted');
  const kept = await record(appId);
  t.deepEqual(kept?.removed, [
    { kind: 'scripted:index:Thing', name: 'Namespace' },
    { kind: 'route', name: appId },
  ]);
  t.deepEqual(
    kept?.verified.map(({ kind }) => kind),
    ['namespace', 'volume', 'database', 'role', 'route', 'stack'],
  );
  t.truthy(kept?.verified_at);
  t.truthy(kept?.requested_at);
  const [operation] = (await world.operations(appId)).toReversed();
  t.true(operation?.phases.some(({ name }) => name === 'verifying'));
});

test('what the stack has left is removed, and only then is the application deleted', async (t) => {
  const appId = await provisioned();
  await world.tenantsServer.makeTenant(appId);
  world.cluster.put('namespaces', tenantNamespace(appId));
  const jobId = await world.command(appId, { kind: 'destroy' });
  t.is((await ended(jobId)).status, 'succeeded');
  t.false(await world.tenantsServer.exists('database', appId));
  t.false(await world.tenantsServer.exists('role', appId));
  t.is(world.cluster.get('namespaces', namespaceOf(appId)), undefined);
  t.is(await world.redis.exists(routeKey(appId)), 0);
  const kinds = (await record(appId))?.removed.map(({ kind }) => kind);
  t.deepEqual(kinds, ['scripted:index:Thing', 'namespace', 'database', 'role', 'route']);
});

for (const [how, script] of [
  ['fails for good', ['succeed', 'fail-for-good']],
  ['fails again and again', ['succeed', 'fail', 'fail']],
] as const)
  test(`a stack whose destruction ${how} keeps nothing of its application: all is removed without it`, async (t) => {
    const appId = await provisioned({ script: [...script] });
    await world.tenantsServer.makeTenant(appId);
    world.cluster.put('namespaces', tenantNamespace(appId));
    const jobId = await world.command(appId, { kind: 'destroy' });
    await world.db.updateTable('jobs').set({ max_attempts: 2 }).where('id', '=', jobId).execute();
    t.is((await ended(jobId)).status, 'succeeded');
    t.is((await world.application(appId)).status, 'deleted');
    t.false(await world.tenantsServer.exists('database', appId));
    t.deepEqual(
      (await record(appId))?.removed.map(({ kind }) => kind),
      ['namespace', 'database', 'role', 'route'],
    );
    t.is((await world.calls(appId)).length, script.length);
  });

test('a namespace whose content no controller lets go ends all the same', async (t) => {
  const appId = await provisioned();
  const namespace = namespaceOf(appId);
  world.cluster.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString() }));
  world.cluster.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  const jobId = await world.command(appId, { kind: 'destroy' });
  t.is((await ended(jobId)).status, 'succeeded');
  t.is(world.cluster.get('namespaces', namespace), undefined);
  t.is((await world.application(appId)).status, 'deleted');
});

test('while the stack is destroyed its namespace is let go already', async (t) => {
  const appId = await provisioned({ script: ['succeed', 'hold'] });
  const namespace = namespaceOf(appId);
  world.cluster.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString() }));
  world.cluster.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  const jobId = await world.command(appId, { kind: 'destroy' });
  await waitFor(
    () => world.cluster.get('namespaces', namespace),
    (found) => found === undefined,
    'the end of the namespace',
  );
  t.is((await world.job(jobId)).status, 'running');
  await world.release(appId);
  t.is((await ended(jobId)).status, 'succeeded');
});

test('an up waits for a namespace that somebody deletes, and then takes over, as the stack is not true any more', async (t) => {
  const appId = await provisioned({ script: ['succeed'] });
  const namespace = namespaceOf(appId);
  world.cluster.put(
    'namespaces',
    tenantNamespace(appId, { deletionTimestamp: new Date().toISOString(), finalizers: ['example.com/guard'] }),
  );
  const jobId = await world.command(appId, { kind: 'update' });
  await waitFor(
    () => world.operations(appId),
    (operations) => operations.at(-1)?.phase === 'awaiting-namespace',
    'the wait',
  );
  t.is((await world.calls(appId)).length, 1);
  world.cluster.remove('namespaces', namespace);
  t.is((await ended(jobId)).status, 'succeeded');
  t.like((await world.calls(appId)).at(-1), { kind: 'up', takeover: true });
});

test('a namespace of a wanted application that does not end is never let go: the error says what keeps it', async (t) => {
  const appId = await provisioned();
  const namespace = namespaceOf(appId);
  world.cluster.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString() }));
  world.cluster.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  const jobId = await world.command(appId, { kind: 'update' });
  await world.db.updateTable('jobs').set({ max_attempts: 1 }).where('id', '=', jobId).execute();
  t.is((await ended(jobId)).status, 'dead');
  const { failure, status } = await world.application(appId);
  t.is(status, 'failed');
  t.is(failure?.code, 'namespace_terminating');
  t.regex(failure?.message ?? '', /example\.com\/guard/);
  t.truthy(world.cluster.get('configmaps', 'guarded', namespace));
});

test('what can’t be removed is named, and the application is not called deleted', async (t) => {
  const appId = await provisioned();
  const { name, labels } = tenantNamespace(appId).metadata;
  world.cluster.put('namespaces', { metadata: { name, labels: { ...labels, 'authsome.cloud/app-id': 'app_someoneelse' } } });
  const jobId = await world.command(appId, { kind: 'destroy' });
  const verifying = await waitFor(
    () => world.operations(appId),
    (operations) => operations.at(-1)?.phase === 'verifying',
    'the search',
  );
  t.truthy(verifying);
  t.is((await world.application(appId)).status, 'deleting');
  t.is(await record(appId), undefined);
  // Once it is out of the way the same search ends well.
  world.cluster.remove('namespaces', name);
  t.is((await ended(jobId)).status, 'succeeded');
});
