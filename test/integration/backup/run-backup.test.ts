import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import test from 'ava';
import { listRuns } from '../../../services/backup/list-runs.ts';
import { isGood } from '../../../services/backup/manifest.ts';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { runBackup } from '../../../services/backup/run-backup.ts';
import { folderTarget } from '../../../services/backup/targets/folder-target.ts';
import type { BackupTarget } from '../../../services/backup/targets/target.ts';
import { LockTakenError } from '../../../services/backup/with-lock.ts';
import { contentOf, makeFolder, query, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

let platform: PlatformDatabases;
const never = new AbortController().signal;
const { folder, remove } = makeFolder();
const target = folderTarget(folder);
const [first, second, dedicated] = ['app_first00001', 'app_second0001', 'app_own0000001'];

test.before(async () => {
  platform = await startPlatformDatabases();
  await platform.makeTenant(first);
  await platform.makeTenant(second);
  await platform.makeTenant(dedicated, 'dedicated');
});
test.after.always(async () => {
  await platform.stop();
  remove();
});

const run = (options: Partial<Parameters<typeof runBackup>[0]> = {}, signal = never) =>
  runBackup({ ...platform.backupOptions(target), ...options }, signal);
const rowOf = (id: string) => platform.db.selectFrom('backup_runs').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

test.serial('a backup has every database, the control database last, and its manifest and row say so', async (t) => {
  const manifest = await run();
  t.is(manifest.status, 'succeeded');
  t.deepEqual(manifest.databases.map(({ name }) => name).sort(), [
    ...['authsome_app_first00001', 'authsome_app_own0000001', 'authsome_app_second0001', 'authsome_control', 'authsome_state'],
  ]);
  t.deepEqual(
    manifest.databases.slice(-2).map(({ kind }) => kind),
    ['state', 'control'],
  );
  for (const dump of manifest.databases.filter(isGood)) {
    t.is(readFileSync(join(folder, dump.key)).length, dump.bytes);
    t.regex(dump.postgresVersion, /^\d+/);
  }
  t.true(manifest.schemaMigration >= 7);
  t.deepEqual(
    (await listRuns(target)).map(({ id, status }) => ({ id, status })),
    [{ id: manifest.id, status: 'succeeded' }],
  );
  const row = await rowOf(manifest.id);
  t.is(row.status, 'succeeded');
  t.is(row.databases.length, 5);
  t.truthy(row.finished_at);
});

test.serial('neither the encryption key nor a password is in what a backup writes down', async (t) => {
  const manifest = await run();
  const text = readFileSync(join(folder, manifest.id, 'manifest.json'), 'utf8');
  for (const secret of ['password of a service role', 'test-superuser']) t.false(text.includes(secret));
  t.false(text.includes('postgres://'));
});

test.serial('a database that cannot be dumped fails the run, says why, and costs the others nothing', async (t) => {
  await query(platform.admin.tenants, `alter database authsome_${first} allow_connections false`);
  t.teardown(() => query(platform.admin.tenants, `alter database authsome_${first} allow_connections true`));
  const manifest = await run();
  t.is(manifest.status, 'failed');
  t.is(manifest.databases.filter(isGood).length, 4);
  const failed = manifest.databases.find((dump) => !isGood(dump));
  t.is(failed?.applicationId, first);
  t.false(existsSync(join(folder, manifest.id, `authsome_${first}.dump`)));
  const row = await rowOf(manifest.id);
  t.is(row.status, 'failed');
  t.regex(row.error ?? '', /authsome_app_first00001: .*not currently accepting connections/);
});

test.serial('a dump that is not at the target as it was written fails the run', async (t) => {
  const damaging: BackupTarget = {
    ...target,
    write: (key, source, signal) =>
      target.write(key, key.endsWith('authsome_control.dump') ? source.pipe(withOneByteChanged()) : source, signal),
  };
  const manifest = await run({ target: damaging });
  const control = manifest.databases.find(({ kind }) => kind === 'control');
  t.is(manifest.status, 'failed');
  t.true(control?.status === 'failed' && /not what was written/.test(control.error), JSON.stringify(control));
});

test.serial('a dump that ended early is not taken for a whole one', async (t) => {
  const cutting: BackupTarget = {
    ...target,
    async read(key) {
      const whole = await target.read(key);
      let seen = 0;
      return whole.pipe(
        new Transform({
          transform(chunk: Buffer, _encoding, callback) {
            const rest = Math.max(0, 900 - seen);
            seen += chunk.length;
            callback(null, chunk.subarray(0, rest));
          },
        }),
      );
    },
  };
  const manifest = await run({ target: cutting });
  t.is(manifest.databases.filter(isGood).length, 0);
  t.is(manifest.status, 'failed');
});

test.serial('of two backups at once, the second is refused and the first is not disturbed', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow: BackupTarget = {
    ...target,
    write: async (key, source, signal) => {
      if (key.endsWith('authsome_state.dump')) await gate.promise;
      return target.write(key, source, signal);
    },
  };
  const running = run({ target: slow });
  const [{ id }] = await untilRunning();
  await t.throwsAsync(run(), { instanceOf: LockTakenError });
  gate.resolve();
  const manifest = await running;
  t.is(manifest.id, id);
  t.is(manifest.status, 'succeeded');
});

test.serial('a backup that is stopped is a failed run without a manifest, and the next one is whole', async (t) => {
  const stopping = new AbortController();
  const stuck: BackupTarget = {
    ...target,
    write: async (key, source, signal) => {
      if (!key.endsWith('authsome_state.dump')) return target.write(key, source, signal);
      stopping.abort(new Error('stopped'));
      await target.write(key, source, signal);
    },
  };
  await t.throwsAsync(run({ target: stuck }, stopping.signal), { message: /stopped/ });
  const [stopped] = await platform.db.selectFrom('backup_runs').orderBy('started_at', 'desc').selectAll().limit(1).execute();
  t.is(stopped?.status, 'failed');
  t.false(existsSync(join(folder, stopped?.id ?? '', 'manifest.json')));
  t.is((await run()).status, 'succeeded');
});

test.serial('a row that a killed backup left running is failed by the next one', async (t) => {
  await platform.db.insertInto('backup_runs').values({ id: 'bkp_20200101000000killed', target: 'file:///x' }).execute();
  await run();
  t.is((await rowOf('bkp_20200101000000killed')).status, 'failed');
});

test.serial('an application that is deleted meanwhile is no failure', async (t) => {
  const [gone, key] = ['app_gone000001', 'authsome_app_gone000001.dump'];
  await platform.makeTenant(gone);
  t.teardown(() => platform.db.updateTable('applications').set({ status: 'deleted' }).where('id', '=', gone).execute());
  const deleting: BackupTarget = {
    ...target,
    write: async (name, source, signal) => {
      if (!name.endsWith(key)) return target.write(name, source, signal);
      source.resume();
      await platform.db.updateTable('applications').set({ desired: 'absent' }).where('id', '=', gone).execute();
      await query(platform.admin.tenants, `drop database if exists authsome_${gone} with (force)`);
      throw new Error('the database went away');
    },
  };
  const manifest = await run({ target: deleting });
  t.is(manifest.status, 'succeeded');
  t.false(manifest.databases.some(({ applicationId }) => applicationId === gone));
});

test.serial('expired runs are removed by a good run, from the target and by their rows, and what is no backup is left alone', async (t) => {
  for (const id of readdirSync(folder)) rmSync(join(folder, id), { recursive: true });
  const old = await run();
  const { id } = old;
  const aged = 'bkp_20200101000000abc123';
  const text = readFileSync(join(folder, id, 'manifest.json'), 'utf8').replaceAll(id, aged);
  const days = ['20200101', '20200102', '20200103'];
  for (const day of days) {
    const named = aged.replace('20200101', day);
    await target.write(`${named}/manifest.json`, PassThrough.from([text.replaceAll(aged, named)]));
    await platform.db.insertInto('backup_runs').values({ id: named, target: 'x', status: 'succeeded' }).execute();
  }
  await target.write('lost+found/file', PassThrough.from(['x']));
  // Three days are kept: today and the two newest of before.
  await run();
  const left = readdirSync(folder).filter((name) => name.startsWith('bkp_2020'));
  t.deepEqual(left, ['bkp_20200102000000abc123', 'bkp_20200103000000abc123']);
  t.true(existsSync(join(folder, 'lost+found/file')));
  t.truthy((await rowOf(aged)).removed_at);
  t.falsy((await rowOf('bkp_20200103000000abc123')).removed_at);
});

test.serial(
  'a tenant who lets the own dump fail each night keeps no old backup from expiring, but for that with its last good dump',
  async (t) => {
    for (const id of readdirSync(folder)) rmSync(join(folder, id), { recursive: true });
    const { id } = await run();
    const text = readFileSync(join(folder, id, 'manifest.json'), 'utf8');
    const ids = ['20200101', '20200102', '20200103', '20200104', '20200105'].map((day) => `bkp_${day}000000abc123`);
    const lacking = (manifest: string): string => {
      const parsed = JSON.parse(manifest) as { status: string; databases: Record<string, unknown>[] };
      const databases = parsed.databases.map((dump) => {
        if (dump['applicationId'] !== first) return dump;
        const { key: _key, bytes: _bytes, sha256: _sha256, postgresVersion: _version, ...rest } = dump;
        return { ...rest, status: 'failed', error: 'row-level security' };
      });
      return JSON.stringify({ ...parsed, status: 'failed', databases });
    };
    for (const [index, named] of ids.entries()) {
      const manifest = text.replaceAll(id, named);
      await target.write(`${named}/manifest.json`, PassThrough.from([index < 2 ? manifest : lacking(manifest)]));
    }
    rmSync(join(folder, id), { recursive: true });
    const database = databaseUrl(platform.superuser.tenants, `authsome_${first}`);
    await query(database, 'alter table public."user" enable row level security');
    t.teardown(() => query(database, 'alter table public."user" disable row level security'));
    const manifest = await run();
    t.is(manifest.status, 'failed');
    t.deepEqual(
      manifest.databases.filter((dump) => !isGood(dump)).map(({ applicationId }) => applicationId),
      [first],
    );
    // Three days are kept, and the second run for the sake of the one database.
    t.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('bkp_2020')),
      [ids[1], ids[3], ids[4]],
    );
  },
);

test.serial("the backup's role reads everything on both servers, and writes nothing but its own rows", async (t) => {
  const refused = { message: /permission denied|must be/ };
  t.true(Object.keys(await contentOf(platform.urls.control)).includes('applications'));
  await t.throwsAsync(query(platform.urls.control, `update applications set name = 'x'`), refused);
  await t.throwsAsync(query(platform.urls.control, 'create table stolen (id text)'), refused);
  await t.throwsAsync(query(platform.urls.control, 'delete from backup_runs'), refused);
  await t.throwsAsync(query(platform.urls.state, 'delete from pulumi_state'), refused);
  await t.throwsAsync(query(platform.urls.tenants, 'create database mine'), refused);
  const tenant = new URL(platform.urls.tenants);
  tenant.pathname = `/authsome_${first}`;
  await t.throwsAsync(query(tenant.href, `delete from "user"`), refused);
  for (const name of ['postgres', 'template1', `authsome_x" to public; --`])
    await t.throwsAsync(query(platform.urls.tenants, `select authsome.open_to_backup('${name}')`), {
      message: /not a database of an application/,
    });
  const other = new URL(tenant.href);
  other.username = 'authsome_tenants';
  other.pathname = '/postgres';
  await t.throwsAsync(query(other.href, `select authsome.open_to_backup('authsome_${first}')`), refused);
});

async function untilRunning(): Promise<[{ id: string }]> {
  for (;;) {
    const row = await platform.db.selectFrom('backup_runs').where('status', '=', 'running').select('id').executeTakeFirst();
    if (row) return [row];
  }
}

function withOneByteChanged(): Transform {
  let changed = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      const copy = Buffer.from(chunk);
      if (!changed && copy.length > 200) {
        copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 0xff;
        changed = true;
      }
      callback(null, copy);
    },
  });
}
