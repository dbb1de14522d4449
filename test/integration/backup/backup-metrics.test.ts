import test from 'ava';
import { Registry } from 'prom-client';
import { registerBackupMetrics } from '../../../services/control-api/backup-metrics.ts';
import { createDatabase } from '../../../services/shared/db/database.ts';
import { log, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

let platform: PlatformDatabases;
test.before(async () => {
  platform = await startPlatformDatabases();
});
test.after.always(() => platform.stop());

const metric = 'authsome_backup_last_success_timestamp_seconds';

test.serial('the age of the newest good backup is told, and that of the platform where there is none', async (t) => {
  const registry = new Registry();
  registerBackupMetrics(registry, { db: platform.db, log });
  const value = async () => new RegExp(`^${metric} (.+)$`, 'm').exec(await registry.metrics())?.[1];
  const age = Date.now() / 1000 - Number(await value());
  t.true(age > 0 && age < 300, String(age));
  const rows = [
    { id: 'bkp_1', status: 'succeeded', finished_at: new Date('2026-01-01T00:00:00Z') },
    { id: 'bkp_2', status: 'succeeded', finished_at: new Date('2026-01-02T00:00:00Z') },
    { id: 'bkp_3', status: 'failed', finished_at: new Date('2026-01-03T00:00:00Z') },
  ] as const;
  for (const row of rows)
    await platform.db
      .insertInto('backup_runs')
      .values({ ...row, target: 'file:///x' })
      .execute();
  t.is(await value(), '1767312000');
});

test.serial(
  "a tenant's database that can't be dumped is told of, and neither it nor an unusable run is mistaken for the age of the newest backup",
  async (t) => {
    const registry = new Registry();
    registerBackupMetrics(registry, { db: platform.db, log });
    const read = async () => {
      const text = await registry.metrics();
      const valueOf = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
      return { last: new Date(valueOf(metric) * 1000).toISOString().slice(0, 10), failed: valueOf('authsome_backup_failed_databases') };
    };
    const dump = (kind: 'control' | 'state' | 'tenant', status: 'succeeded' | 'failed') => ({ kind, status, name: kind });
    const insert = (day: string, databases: object[]) =>
      platform.db
        .insertInto('backup_runs')
        .values({
          ...{ id: `bkp_${day}`, target: 'file:///x', status: 'failed', finished_at: new Date(`${day}T00:00:00Z`) },
          databases: JSON.stringify(databases),
        })
        .execute();
    const own = [dump('state', 'succeeded'), dump('control', 'succeeded')];
    await insert('2026-02-01', [...own, dump('tenant', 'failed'), dump('tenant', 'succeeded')]);
    t.deepEqual(await read(), { last: '2026-02-01', failed: 1 });
    await insert('2026-02-02', [...own, dump('tenant', 'failed'), dump('tenant', 'failed'), dump('tenant', 'succeeded')]);
    await insert('2026-02-03', [dump('state', 'succeeded'), dump('control', 'failed'), dump('tenant', 'succeeded')]);
    await insert('2026-02-04', []);
    t.deepEqual(await read(), { last: '2026-02-01', failed: 1 });
  },
);

test.serial('a database that does not answer costs no other metric', async (t) => {
  const registry = new Registry();
  const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', poolSize: 1, applicationName: 'test' });
  t.teardown(() => db.destroy());
  registerBackupMetrics(registry, { db, log });
  const text = await registry.metrics();
  t.regex(text, new RegExp(`# TYPE ${metric} gauge`));
  t.notRegex(text, new RegExp(`^${metric} `, 'm'));
});
