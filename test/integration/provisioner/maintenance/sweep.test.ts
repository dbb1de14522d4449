import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createMetrics } from '../../../../services/provisioner/metrics.ts';
import { requeueSweeps, sweepWhenAsked } from '../../../../services/provisioner/maintenance/sweep/sweep-when-asked.ts';
import type { SweepFinding } from '../../../../services/shared/db/tables.ts';
import { newId } from '../../../../services/shared/ids.ts';
import { createLog } from '../../../../services/shared/log.ts';
import { routeKey } from '../../../../services/shared/routes/route.ts';
import { insertApplication, insertOperation } from '../../../support/insert-application.ts';
import { postgresClient } from '../../../support/postgres-client.ts';
import { databaseUrl } from '../../../support/test-database.ts';
import { openInventory } from '../../../support/test-inventory.ts';

const everything = ['namespace', 'database', 'role', 'route', 'stack'] as const;
const signal = new AbortController().signal;
const log = createLog({ name: 'test', level: 'silent' });
const long = new Date(Date.now() - 3_600_000);
const present = { status: 'active', desired: 'present', observed_generation: 1, serving: true, updated_at: long } as const;
const deleted = { status: 'deleted', desired: 'absent', observed_generation: 2, generation: 2, updated_at: long } as const;

async function open(t: ExecutionContext, appIds: readonly string[]) {
  const things = await openInventory(t, appIds);
  const { db } = things.database;
  const metrics = createMetrics();
  const options = {
    db,
    redis: things.redis,
    inventory: things.inventory,
    metrics,
    worker: 'worker-1',
    log,
    quietMs: 60_000,
    intervalMs: 3_600_000,
  };
  const reading = async (gauge: 'sweepOrphans' | 'sweepMissing'): Promise<Record<string, number>> =>
    Object.fromEntries((await metrics[gauge].get()).values.map(({ labels, value }) => [String(labels.kind), value]));
  return {
    ...things,
    db,
    options,
    reading,
    insert: (id: string, application: object) => insertApplication(db, { application: { id, ...application } }),
    sweep: async (repair: boolean) => {
      const id = newId('swp');
      await db.insertInto('sweeps').values({ id, repair }).execute();
      await sweepWhenAsked(options, signal);
      return db.selectFrom('sweeps').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    },
  };
}

const short = (findings: SweepFinding[]): string[] =>
  findings.map(({ problem, kind, applicationId, outcome }) => `${problem} ${kind} ${applicationId} ${outcome}`).toSorted();

test('orphans of deleted applications and of unknown ones are reported, and a repair removes them and nothing else', async (t) => {
  const [living, gone, unknown] = [newId('app'), newId('app'), newId('app')];
  const { insert, makeThings, sweep, find, reading } = await open(t, [living, gone, unknown]);
  await insert(living, present);
  await insert(gone, deleted);
  for (const id of [living, gone, unknown]) await makeThings(id);

  const report = await sweep(false);
  t.is(report.status, 'finished');
  t.deepEqual(short(report.findings), [gone, unknown].flatMap((id) => everything.map((kind) => `orphan ${kind} ${id} null`)).toSorted());
  t.deepEqual(await reading('sweepOrphans'), { stack: 2, namespace: 2, volume: 0, database: 2, role: 2, route: 2 });
  t.deepEqual(await find(gone), [...everything]);

  const repair = await sweep(true);
  t.deepEqual(short(repair.findings), [gone, unknown].flatMap((id) => everything.map((kind) => `orphan ${kind} ${id} removed`)).toSorted());
  t.deepEqual(await reading('sweepOrphans'), { stack: 0, namespace: 0, volume: 0, database: 0, role: 0, route: 0 });
  t.deepEqual([await find(gone), await find(unknown), await find(living)], [[], [], [...everything]]);
  t.deepEqual((await sweep(false)).findings, []);
});

test("a role that another tenant's database mentions is no orphan once its application is deleted, and a later sweep drops it", async (t) => {
  const [gone, attacker] = [newId('app'), newId('app')];
  const { insert, makeThings, sweep, tenantsServer } = await open(t, [gone, attacker]);
  await insert(gone, deleted);
  await insert(attacker, present);
  for (const id of [gone, attacker]) await makeThings(id);
  const database = new URL(databaseUrl(`authsome_${attacker}`));
  Object.assign(database, { username: `${attacker}_user`, password: 'tenant' });
  const client = postgresClient({ connectionString: database.href });
  await client.connect();
  t.teardown(() => client.end());
  await client.query(`create schema mine create table t (); grant select on mine.t to ${gone}_user`);

  t.deepEqual(short((await sweep(true)).findings), everything.map((kind) => `orphan ${kind} ${gone} removed`).toSorted());
  t.true(await tenantsServer.exists('role', gone));
  t.deepEqual((await sweep(false)).findings, []);
  t.true(await tenantsServer.exists('role', gone));
  await client.query('drop schema mine cascade');
  t.deepEqual((await sweep(false)).findings, []);
  t.false(await tenantsServer.exists('role', gone));
});

test('what an application lacks is reported; of it a repair mends the route alone', async (t) => {
  const appId = newId('app');
  const { insert, sweep, redis, reading } = await open(t, [appId]);
  await insert(appId, present);
  const missing = (outcome: string | null) =>
    everything.map((kind) => `missing ${kind} ${appId} ${kind === 'route' ? outcome : null}`).toSorted();
  t.deepEqual(short((await sweep(false)).findings), missing(null));
  t.is((await reading('sweepMissing')).namespace, 1);
  t.deepEqual(short((await sweep(true)).findings), missing('published'));
  t.is(await redis.exists(routeKey(appId)), 1);
  t.is((await reading('sweepMissing')).route, 0);
});

test('an application that is being changed, was just changed, or waits for a job, is left out both ways', async (t) => {
  const [running, recent, queued, leaving] = [newId('app'), newId('app'), newId('app'), newId('app')];
  const { db, insert, makeThings, sweep, find } = await open(t, [running, recent, queued, leaving]);
  await insertOperation(db, await insert(running, present));
  await insert(recent, { ...present, updated_at: new Date() });
  await insertApplication(db, { application: { id: queued, ...present }, job: { status: 'queued' } });
  await insert(leaving, { ...deleted, updated_at: new Date() });
  await makeThings(leaving);
  t.deepEqual((await sweep(true)).findings, []);
  t.deepEqual(await find(leaving), [...everything]);
});

test('orphans of too many unknown applications are left: then the database is the wrong one', async (t) => {
  const ids = Array.from({ length: 21 }, () => newId('app'));
  const { redis, sweep } = await open(t, ids);
  for (const id of ids) await redis.set(routeKey(id), '{}');
  const { findings } = await sweep(true);
  t.is(findings.length, ids.length);
  t.true(findings.every(({ outcome }) => outcome?.startsWith('left: 21 applications are unknown')));
  for (const id of ids) t.is(await redis.exists(routeKey(id)), 1);
});

test('an application that came back since it was found keeps all it has', async (t) => {
  const appId = newId('app');
  const { db, insert, makeThings, find, options } = await open(t, [appId]);
  await insert(appId, deleted);
  await makeThings(appId);
  const { removeOrphan } = await import('../../../../services/provisioner/maintenance/sweep/remove-orphan.ts');
  await db.updateTable('applications').set({ status: 'active', desired: 'present' }).where('id', '=', appId).execute();
  const finding: SweepFinding = { kind: 'database', name: `authsome_${appId}`, applicationId: appId, problem: 'orphan', outcome: null };
  const [outcome] = await removeOrphan(options, { appId, findings: [finding], signal });
  t.is(outcome?.outcome, 'left: the application exists');
  t.deepEqual(await find(appId), [...everything]);
});

test('without being asked, one sweep is run in each interval, and it repairs nothing', async (t) => {
  const appId = newId('app');
  const { db, options, makeThings, find } = await open(t, [appId]);
  await makeThings(appId);
  t.true(await sweepWhenAsked(options, signal));
  t.false(await sweepWhenAsked(options, signal));
  const rows = await db.selectFrom('sweeps').selectAll().execute();
  t.deepEqual(
    rows.map(({ status, repair, worker }) => [status, repair, worker]),
    [['finished', false, 'worker-1']],
  );
  t.deepEqual(await find(appId), [...everything]);
});

test('a place that can’t be listed fails the sweep, which finds nothing then', async (t) => {
  const appId = newId('app');
  const { cluster, sweep, makeThings, find } = await open(t, [appId]);
  await makeThings(appId);
  cluster.refuse(true);
  t.like(await sweep(true), { status: 'failed', findings: [] });
  cluster.refuse(false);
  t.deepEqual(await find(appId), [...everything]);
});

test('a sweep that its leader left unfinished is run by the next', async (t) => {
  const { db, options } = await open(t, []);
  const id = newId('swp');
  await db.insertInto('sweeps').values({ id, status: 'running', worker: 'dead' }).execute();
  await requeueSweeps(db);
  await sweepWhenAsked(options, signal);
  t.like(await db.selectFrom('sweeps').selectAll().where('id', '=', id).executeTakeFirstOrThrow(), {
    status: 'finished',
    worker: 'worker-1',
  });
});
