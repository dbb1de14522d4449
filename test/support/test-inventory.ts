import type { ExecutionContext } from 'ava';
import type pg from 'pg';
import { connectCluster } from '../../services/provisioner/cluster/connect-cluster.ts';
import { createInventory } from '../../services/provisioner/inventory/create-inventory.ts';
import { connectSharedServer } from '../../services/provisioner/inventory/database-place.ts';
import type { Inventory, Place, Thing } from '../../services/provisioner/inventory/inventory.ts';
import { createStateDatabase } from '../../services/provisioner/inventory/state-database.ts';
import { routeKey } from '../../services/shared/routes/route.ts';
import { startFakeCluster } from './fake-cluster.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { createTestDatabase } from './test-database.ts';
import type { TestDatabase } from './test-database.ts';
import { createTestRedis } from './test-redis.ts';
import type { TestRedis } from './test-redis.ts';
import { createTestTenantsServer } from './test-tenants-server.ts';
import type { TestTenantsServer } from './test-tenants-server.ts';
import { tenantNamespace } from './tenant-objects.ts';
import { postgresPool } from './postgres-client.ts';

/** Everywhere that things of applications are, with real servers and an API server of the test's own. */
export interface TestInventory {
  inventory: Inventory;
  database: TestDatabase;
  redis: TestRedis['redis'];
  cluster: FakeCluster;
  tenantsServer: TestTenantsServer;
  state: pg.Pool;
  /** Makes all that an application has. */
  makeThings: (appId: string) => Promise<void>;
  find: (appId: string) => Promise<Thing['kind'][]>;
}

/** @param appIds other tests' applications on the same servers are not listed: a repair would take them for orphans */
export async function openInventory(t: ExecutionContext, appIds: readonly string[]): Promise<TestInventory> {
  const [database, redis, cluster, tenantsServer] = await Promise.all([
    createTestDatabase(),
    createTestRedis(),
    startFakeCluster(),
    createTestTenantsServer(),
  ]);
  const state = createStateDatabase(database.url);
  const statePool = postgresPool({ connectionString: database.url });
  await statePool.query(
    'create table pulumi_state (key text primary key, data json not null, updated_at timestamptz not null default now())',
  );
  const sharedServer = connectSharedServer(tenantsServer.settings);
  t.teardown(async () => {
    await Promise.all([state.close(), statePool.end(), sharedServer.end()]);
    await Promise.all([database.drop(), redis.close(), cluster.close(), tenantsServer.drop()]);
  });
  const places = createInventory({
    ...{ cluster: connectCluster(cluster.kubeconfig, 2_000), sharedServer, redis: redis.redis, state },
    namespacePatienceMs: 1_000,
  });
  const inventory = places.map((place) => only(place, appIds));
  return {
    ...{ inventory, database, redis: redis.redis, cluster, tenantsServer, state: statePool },
    async makeThings(appId) {
      cluster.put('namespaces', tenantNamespace(appId));
      await tenantsServer.makeTenant(appId);
      await redis.redis.set(routeKey(appId), '{}');
      // The backend puts everything into a folder of the database's name.
      const folder = new URL(database.url).pathname.slice(1);
      const stack = appId.replace('_', '-');
      for (const key of [
        `.pulumi/stacks/authsome-tenant/${stack}.json`,
        `.pulumi/stacks/authsome-tenant/${stack}.json.bak`,
        `.pulumi/stacks/authsome-tenant/${stack}.pulumi-tags`,
        `.pulumi/history/authsome-tenant/${stack}/${stack}-1764000000000000000.checkpoint.json`,
        `.pulumi/backups/authsome-tenant/${stack}/${stack}.1764000000000000000.json`,
        `.pulumi/locks/organization/authsome-tenant/${stack}/1.json`,
      ])
        await statePool.query(`insert into pulumi_state (key, data) values ($1, '{}')`, [`${folder}/${key}`]);
    },
    find: async (appId) => (await Promise.all(inventory.map((place) => place.find(appId)))).flat().map(({ kind }) => kind),
  };
}

function only(place: Place, appIds: readonly string[]): Place {
  return {
    ...place,
    async *list() {
      for await (const page of place.list()) yield page.filter(({ appId }) => appIds.includes(appId));
    },
  };
}
