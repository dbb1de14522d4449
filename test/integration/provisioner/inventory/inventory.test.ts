import test from 'ava';
import { proveDeletion } from '../../../../services/provisioner/inventory/prove-deletion.ts';
import { removeThings } from '../../../../services/provisioner/inventory/remove-things.ts';
import { newId } from '../../../../services/shared/ids.ts';
import { routeKey } from '../../../../services/shared/routes/route.ts';
import { databaseUrl } from '../../../support/test-database.ts';
import { openInventory } from '../../../support/test-inventory.ts';
import { tenantNamespace } from '../../../support/tenant-objects.ts';
import { postgresClient } from '../../../support/postgres-client.ts';

const everything = ['namespace', 'database', 'role', 'route', 'stack'] as const;
const signal = new AbortController().signal;

test('what an application has is found, listed, removed, and nobody else’s is', async (t) => {
  const appId = newId('app');
  // Its name begins with the other's: a pattern that is too wide would take it along.
  const neighbour = `${appId}9`;
  const { inventory, makeThings, find, state } = await openInventory(t, [appId, neighbour]);
  await makeThings(appId);
  await makeThings(neighbour);
  t.deepEqual(await find(appId), [...everything]);

  const listed = [];
  for (const place of inventory) for await (const page of place.list()) listed.push(...page.map(({ kind, appId }) => `${kind} ${appId}`));
  t.deepEqual(listed.toSorted(), [appId, neighbour].flatMap((id) => everything.map((kind) => `${kind} ${id}`)).toSorted());

  const { removed, left, unseen } = await removeThings({ inventory, appId, signal, limitMs: 20_000 });
  t.deepEqual([left, unseen], [[], []]);
  t.deepEqual(
    removed.map(({ kind }) => kind),
    [...everything],
  );
  t.deepEqual(await find(appId), []);
  t.deepEqual(await find(neighbour), [...everything]);
  t.is((await state.query('select 1 from pulumi_state')).rowCount, 6);
});

test('a database is dropped though clients are connected to it', async (t) => {
  const appId = newId('app');
  const { inventory, makeThings, find } = await openInventory(t, [appId]);
  await makeThings(appId);
  const url = new URL(databaseUrl(`authsome_${appId}`));
  url.username = `${appId}_user`;
  url.password = 'tenant';
  const client = postgresClient({ connectionString: url.href });
  const cut = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await client.query('create table users (id int)');
  await removeThings({ inventory, appId, signal, limitMs: 20_000 });
  t.deepEqual(await find(appId), []);
  t.truthy(await cut);
});

test('a proof names where it was looked, and what it removed itself', async (t) => {
  const appId = newId('app');
  const { inventory, redis } = await openInventory(t, [appId]);
  await redis.set(routeKey(appId), '{}');
  const { removed, verified } = await proveDeletion({ inventory, appId, signal, limitMs: 20_000 });
  t.deepEqual(removed, [{ kind: 'route', name: appId }]);
  t.deepEqual(verified, [
    { kind: 'namespace', name: `authsome-${appId.replace('_', '-')}` },
    { kind: 'volume', name: `authsome-${appId.replace('_', '-')}` },
    { kind: 'database', name: `authsome_${appId}` },
    { kind: 'role', name: `${appId}_user` },
    { kind: 'route', name: appId },
    { kind: 'stack', name: appId.replace('_', '-') },
  ]);
});

test('what is not certainly the application’s is not removed, and named', async (t) => {
  const appId = newId('app');
  const { inventory, cluster, tenantsServer } = await openInventory(t, [appId]);
  const { name, labels } = tenantNamespace(appId).metadata;
  cluster.put('namespaces', { metadata: { name, labels: { ...labels, 'authsome.cloud/app-id': 'app_someoneelse' } } });
  const error = await t.throwsAsync(proveDeletion({ inventory, appId, signal, limitMs: 500 }));
  t.like(error, { code: 'leftovers', retryable: true });
  t.is(error?.message, `Not everything of the application could be removed: namespace ${name}.`);
  t.is(cluster.get('namespaces', name)?.metadata.deletionTimestamp, undefined);
  t.false(await tenantsServer.exists('database', appId));
});

test('a namespace that does not end is let go after its patience', async (t) => {
  const appId = newId('app');
  const { inventory, cluster } = await openInventory(t, [appId]);
  const namespace = cluster.put('namespaces', tenantNamespace(appId)) && tenantNamespace(appId).metadata.name;
  cluster.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  const { removed } = await proveDeletion({ inventory, appId, signal, limitMs: 20_000 });
  t.deepEqual(removed, [{ kind: 'namespace', name: namespace }]);
  t.is(cluster.get('configmaps', 'guarded', namespace), undefined);
});

const volumeOf = (appId: string, spec: object = {}) => ({
  metadata: { name: `pvc-of-${appId}` },
  spec: { persistentVolumeReclaimPolicy: 'Delete', claimRef: { namespace: tenantNamespace(appId).metadata.name, name: 'data' }, ...spec },
});

test('an application is not gone before its volumes are', async (t) => {
  const [appId, neighbour] = [newId('app'), newId('app')];
  const { inventory, cluster, find } = await openInventory(t, [appId, neighbour]);
  cluster.put('persistentvolumes', volumeOf(appId));
  cluster.put('persistentvolumes', volumeOf(neighbour));
  cluster.put('persistentvolumes', { metadata: { name: 'unclaimed' }, spec: {} });
  t.deepEqual(await find(appId), ['volume']);
  t.like(await t.throwsAsync(proveDeletion({ inventory, appId, signal, limitMs: 500 })), { code: 'leftovers' });
  setTimeout(() => cluster.remove('persistentvolumes', `pvc-of-${appId}`), 1_000);
  const { removed } = await proveDeletion({ inventory, appId, signal, limitMs: 20_000 });
  t.deepEqual(
    removed.map(({ kind }) => kind),
    ['volume'],
  );
  t.deepEqual(await find(neighbour), ['volume']);
});

test('a volume that its storage class keeps is named', async (t) => {
  const appId = newId('app');
  const { inventory, cluster } = await openInventory(t, [appId]);
  cluster.put('persistentvolumes', volumeOf(appId, { persistentVolumeReclaimPolicy: 'Retain' }));
  const error = await t.throwsAsync(proveDeletion({ inventory, appId, signal, limitMs: 500 }));
  t.regex((error?.cause as Error).message, new RegExp(`Retain.*pvc-of-${appId}`));
});

test('a server that does not answer is asked again, and what it hides is not called gone', async (t) => {
  const appId = newId('app');
  const { inventory, cluster } = await openInventory(t, [appId]);
  cluster.refuse(true);
  const error = await t.throwsAsync(proveDeletion({ inventory, appId, signal, limitMs: 500 }));
  t.like(error, { code: 'unverified', retryable: true });
  t.regex(error?.message ?? '', /namespace authsome-app-/);
  setTimeout(() => cluster.refuse(false), 1_000);
  const { verified } = await proveDeletion({ inventory, appId, signal, limitMs: 30_000 });
  t.is(verified.length, everything.length + 1);
});

test('a stop ends the search', async (t) => {
  const appId = newId('app');
  const { inventory, cluster } = await openInventory(t, [appId]);
  cluster.refuse(true);
  const stop = new AbortController();
  setTimeout(() => stop.abort('shutdown'), 300);
  await t.throwsAsync(removeThings({ inventory, appId, signal: stop.signal, limitMs: 60_000 }), { any: true });
});
