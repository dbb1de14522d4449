import test from 'ava';
import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import { newApiKey } from '../../../services/shared/api-keys.ts';
import type { Database } from '../../../services/shared/db/tables.ts';
import { newId } from '../../../services/shared/ids.ts';
import { loadRoute, publishRoute, removeRoute } from '../../../services/shared/routes/route-store.ts';
import { routeInvalidationChannel, routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import type { Route } from '../../../services/shared/routes/route.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createTestRedis } from '../../support/test-redis.ts';

let db: Kysely<Database>;
let redis: Redis;
const cleanups: (() => Promise<void>)[] = [];

test.before(async () => {
  const [database, testRedis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  ({ db } = database);
  ({ redis } = testRedis);
  cleanups.push(
    () => database.drop(),
    () => testRedis.close(),
  );
});
test.after.always(async () => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
});

test('a route holds the row and only the keys that are valid now', async (t) => {
  const appId = await insertApplication();
  const valid = await insertKey(appId, { expires_at: new Date(Date.now() + 60_000) });
  await insertKey(appId, { revoked_at: new Date() });
  await insertKey(appId, { expires_at: new Date(Date.now() - 1_000) });

  const route = await loadRoute(db, appId);
  t.deepEqual(routeSchema.parse(route), route);
  t.deepEqual(
    route?.keys.map(({ id }) => id),
    [valid.id],
  );
  t.like(route, { appId, revision: 1, status: 'provisioning', plan: 'free', internalUrl: null });
  t.deepEqual(route?.keys[0]?.scopes, ['users:read', '*']);
});

const leaving = test.macro({
  title: (what) => `a route holds no key while the application is on its way out, and has them again after: ${what ?? ''}`,
  async exec(t, change: { status: 'deleting' | 'failed'; desired: 'suspended' | 'absent'; suspensions: ('deletion' | 'owner')[] }) {
    const appId = await insertApplication();
    await insertKey(appId);
    const update = (set: object) => db.updateTable('applications').set(set).where('id', '=', appId).execute();
    await update(change);
    t.like(await loadRoute(db, appId), { status: 'deleting', keys: [] });
    await update({ status: 'suspended', desired: 'suspended', suspensions: ['owner'] });
    t.is((await loadRoute(db, appId))?.keys.length, 1);
  },
});
test('deleted', leaving, { status: 'deleting', desired: 'suspended', suspensions: ['deletion'] });
test('being destroyed', leaving, { status: 'deleting', desired: 'absent', suspensions: [] });
test('a deletion that failed', leaving, { status: 'failed', desired: 'suspended', suspensions: ['owner', 'deletion'] });
test('a destruction that failed', leaving, { status: 'failed', desired: 'absent', suspensions: [] });

test('a route leads to an instance only while that serves', async (t) => {
  const appId = await insertApplication();
  await db.updateTable('applications').set({ status: 'active', internal_url: 'http://instance' }).where('id', '=', appId).execute();
  t.is((await loadRoute(db, appId))?.internalUrl, null);
  await db.updateTable('applications').set({ serving: true }).where('id', '=', appId).execute();
  t.is((await loadRoute(db, appId))?.internalUrl, 'http://instance');
});

test('a route has the origins as browsers send them; without the setting, only the instance knows them', async (t) => {
  const appId = await insertApplication();
  t.is((await loadRoute(db, appId))?.allowedOrigins, null);
  const config = JSON.stringify({ allowedOrigins: ['https://shop.example:443', 'http://localhost:3000'] });
  await db.updateTable('applications').set({ config }).where('id', '=', appId).execute();
  t.deepEqual((await loadRoute(db, appId))?.allowedOrigins, ['https://shop.example', 'http://localhost:3000']);
});

test('an application that is deleted or unknown has no route', async (t) => {
  const appId = await insertApplication();
  await db.updateTable('applications').set({ status: 'deleted' }).where('id', '=', appId).execute();
  t.is(await loadRoute(db, appId), null);
  t.is(await loadRoute(db, newId('app')), null);
});

test('a route never replaces a newer one', async (t) => {
  const route = makeRoute(newId('app'));
  t.true(await publishRoute(redis, { ...route, revision: 10 }));
  t.false(await publishRoute(redis, { ...route, revision: 9, status: 'suspended' }));
  t.true(await publishRoute(redis, { ...route, revision: 10, status: 'updating' }));
  t.true(await publishRoute(redis, { ...route, revision: 11 }));
  t.is(routeSchema.parse(JSON.parse((await redis.get(routeKey(route.appId))) ?? '')).revision, 11);
});

test('a route that is not JSON is replaced', async (t) => {
  const route = makeRoute(newId('app'));
  await redis.set(routeKey(route.appId), 'broken');
  t.true(await publishRoute(redis, route));
});

test('a removed route does not come back from a late publisher', async (t) => {
  const route = makeRoute(newId('app'));
  await publishRoute(redis, route);
  await removeRoute(redis, route.appId);
  t.false(await publishRoute(redis, { ...route, revision: 99 }));
  t.is(await redis.get(routeKey(route.appId)), null);
});

test('publishing and removing tell the subscribers the application', async (t) => {
  const route = makeRoute(newId('app'));
  const subscriber = redis.duplicate();
  await subscriber.subscribe(routeInvalidationChannel);
  let count = 0;
  const told = new Promise<void>((resolve) => {
    subscriber.on('message', (_channel, message) => {
      if (message === route.appId && (count += 1) === 2) resolve();
    });
  });
  await publishRoute(redis, route);
  await removeRoute(redis, route.appId);
  await told;
  t.is(count, 2);
  subscriber.disconnect();
});

async function insertApplication(): Promise<string> {
  const workspaceId = newId('ws');
  const id = newId('app');
  await db.insertInto('workspaces').values({ id: workspaceId, name: 'Acme' }).execute();
  await db
    .insertInto('applications')
    .values({ id, workspace_id: workspaceId, name: 'Web', slug: 'web', environment: 'production', region: 'us-east-1', config: '{}' })
    .execute();
  return id;
}

async function insertKey(appId: string, times: { expires_at?: Date; revoked_at?: Date } = {}): Promise<{ id: string }> {
  const { id, hash, prefix } = newApiKey({ type: 'secret', environment: 'production' });
  const row = { id, application_id: appId, name: 'Key', type: 'secret' as const, prefix, hash, scopes: ['users:read', '*'] };
  await db
    .insertInto('api_keys')
    .values({ ...row, ...times })
    .execute();
  return { id };
}

function makeRoute(appId: string): Route {
  return {
    version: 1,
    appId,
    revision: 1,
    status: 'active',
    plan: 'free',
    environment: 'production',
    region: 'us-east-1',
    internalUrl: null,
    sealedInstanceToken: null,
    keys: [],
    allowedOrigins: null,
  };
}
