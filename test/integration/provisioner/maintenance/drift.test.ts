import { randomBytes } from 'node:crypto';
import test from 'ava';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { checkDrift } from '../../../../services/provisioner/maintenance/drift/check-drift.ts';
import { createMetrics } from '../../../../services/provisioner/metrics.ts';
import { OperationError } from '../../../../services/provisioner/operation-error.ts';
import { createRunningOperations } from '../../../../services/provisioner/running-operations.ts';
import { tenantSettingsSchema } from '../../../../services/provisioner/tenant-settings.ts';
import type { DriftChange } from '../../../../services/shared/db/tables.ts';
import { createLog } from '../../../../services/shared/log.ts';
import { createSecretBox } from '../../../../services/shared/secret-box.ts';
import { insertApplication, insertOperation } from '../../../support/insert-application.ts';
import type { InsertedApplication } from '../../../support/insert-application.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';
import { createTestDatabase } from '../../../support/test-database.ts';

const settings = tenantSettingsSchema.parse({
  customerUrl: 'http://api.test',
  images: { instance: 'instance:test', redis: 'redis:test' },
  database: {
    shared: { host: 'postgres', adminUser: 'admin', adminPassword: 'secret' },
    dedicated: { pro: { image: 'postgres:test' }, enterprise: { image: 'postgres:test' } },
  },
  cluster: { systemNamespace: 'authsome-system' },
});
const change: DriftChange = {
  change: 'update',
  resourceType: 'kubernetes:apps/v1:Deployment',
  resourceName: 'api',
  fields: ['spec.replicas'],
};
const active = { status: 'active', observed_generation: 1, serving: true } as const;

async function open() {
  const [database, fake] = await Promise.all([createTestDatabase(), startFakeCluster()]);
  const { db } = database;
  const looked: string[] = [];
  let find: (appId: string, stop: AbortSignal) => Promise<DriftChange[]> = () => Promise.resolve([]);
  const running = createRunningOperations();
  const metrics = createMetrics();
  const deps = {
    ...{ db, settings, running, metrics },
    cluster: connectCluster(fake.kubeconfig),
    box: createSecretBox(randomBytes(32).toString('base64')),
    log: createLog({ name: 'test', level: 'silent' }),
    intervalMs: 3_600_000,
    children: {
      findDrift: ({ request, stop }: { request: { spec: { appId: string } }; stop: AbortSignal }) => {
        looked.push(request.spec.appId);
        return find(request.spec.appId, stop);
      },
    },
  };
  return {
    ...{ db, running, looked, deps, fake },
    insert: (columns: object = {}): Promise<InsertedApplication> => insertApplication(db, { application: { ...active, ...columns } }),
    check: (signal = new AbortController().signal) => checkDrift(deps, signal),
    finds: (answer: typeof find) => {
      find = answer;
    },
    reports: () => db.selectFrom('drift_reports').selectAll().execute(),
    drifted: async () => (await metrics.drifted.get()).values[0]?.value,
    drop: async () => {
      await fake.close();
      await database.drop();
    },
  };
}

test('each active application is looked at once in the interval, and what differs is kept', async (t) => {
  const { insert, check, finds, looked, reports, drifted, drop } = await open();
  t.teardown(drop);
  const [first, second] = [await insert(), await insert()];
  await insert({ status: 'suspended', desired: 'suspended' });
  await insert({ status: 'updating', generation: 2 });
  finds((appId) => Promise.resolve(appId === first.appId ? [change] : []));
  t.true(await check());
  t.true(await check());
  t.false(await check());
  t.deepEqual(looked.toSorted(), [first.appId, second.appId].toSorted());
  const report = (await reports()).find((row) => row.application_id === first.appId);
  t.like(report, { generation: 1, error: null });
  t.deepEqual(report?.changes, [change]);
  t.is(await drifted(), 1);
});

test('one that was looked at longest ago comes first', async (t) => {
  const { db, insert, check, looked, drop } = await open();
  t.teardown(drop);
  const [newer, older] = [await insert(), await insert()];
  for (const [{ appId }, hours] of [
    [newer, 2],
    [older, 3],
  ] as const)
    await db
      .insertInto('drift_reports')
      .values({ application_id: appId, generation: 1, checked_at: new Date(Date.now() - hours * 3_600_000) })
      .execute();
  await check();
  t.deepEqual(looked, [older.appId]);
});

test('a report that an operation, or a newer wish, has overtaken is not kept', async (t) => {
  const { db, insert, check, finds, reports, drop } = await open();
  t.teardown(drop);
  const application = await insert();
  finds(async () => {
    await insertOperation(db, application, { status: 'succeeded' });
    return [change];
  });
  t.false(await check());
  finds(async (appId) => {
    await db.updateTable('applications').set({ generation: 2 }).where('id', '=', appId).execute();
    return [change];
  });
  t.false(await check());
  t.deepEqual(await reports(), []);
});

test('a repair takes an application out of those that have drifted', async (t) => {
  const { db, insert, check, finds, drifted, drop } = await open();
  t.teardown(drop);
  const { appId } = await insert();
  finds(() => Promise.resolve([change]));
  await check();
  t.is(await drifted(), 1);
  await db.updateTable('applications').set({ generation: 2, observed_generation: 2 }).where('id', '=', appId).execute();
  await check();
  t.is(await drifted(), 0);
});

test('of an application that is deleted no report is kept', async (t) => {
  const { db, insert, check, finds, reports, drifted, drop } = await open();
  t.teardown(drop);
  const { appId } = await insert();
  finds(() => Promise.resolve([change]));
  await check();
  await db.updateTable('applications').set({ status: 'deleted' }).where('id', '=', appId).execute();
  await check();
  t.deepEqual(await reports(), []);
  t.is(await drifted(), 0);
});

test('a look that fails is kept with its reason, and its turn is over', async (t) => {
  const { insert, check, finds, reports, drop } = await open();
  t.teardown(drop);
  await insert();
  finds(() => Promise.reject(new OperationError({ code: 'cluster_unavailable', message: 'no cluster', retryable: true })));
  t.true(await check());
  t.false(await check());
  t.like((await reports())[0], { error: 'no cluster', changes: [] });
});

test('while an operation runs in this process nothing is looked at', async (t) => {
  const { insert, running, check, looked, drop } = await open();
  t.teardown(drop);
  await insert();
  const operation = { operationId: 'op_1', jobId: 'job_1', appId: 'app_1', kind: 'update', startedAt: new Date() };
  const done = running.add({ ...operation, phase: () => 'applying', stop: () => undefined });
  t.false(await check());
  t.deepEqual(looked, []);
  done();
  t.true(await check());
});

test('a shutdown ends a look at once, and nothing is kept of it', async (t) => {
  const { insert, check, finds, reports, drop } = await open();
  t.teardown(drop);
  await insert();
  const shutdown = new AbortController();
  finds(
    (_, stop) =>
      new Promise((_resolve, reject) => {
        stop.addEventListener('abort', () => reject(new Error(String(stop.reason))));
        shutdown.abort();
      }),
  );
  t.false(await check(shutdown.signal));
  t.deepEqual(await reports(), []);
});

test('of an application whose namespace is gone just that is reported: its Secrets can’t be read any more', async (t) => {
  const { insert, check, looked, reports, fake, drop } = await open();
  t.teardown(drop);
  fake.guardSecrets();
  await insert();
  t.true(await check());
  t.deepEqual(looked, []);
  t.like((await reports())[0], { changes: [{ change: 'create', resourceType: 'kubernetes:core/v1:Namespace' }], error: null });
});
