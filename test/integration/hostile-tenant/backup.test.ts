import { rmSync } from 'node:fs';
import test from 'ava';
import type { Redis } from 'ioredis';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { loadRestore } from '../../../services/backup/restore/load-restore.ts';
import type { LoadedRestore } from '../../../services/backup/restore/load-restore.ts';
import { finishRestore } from '../../../services/backup/restore/finish-restore.ts';
import { runBackup } from '../../../services/backup/run-backup.ts';
import { folderTarget } from '../../../services/backup/targets/folder-target.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { makeHostile } from '../../support/make-hostile.ts';
import { redisClient } from '../../support/redis-client.ts';
import { startRedis } from '../../support/start-redis.ts';
import {
  binDir,
  encryptionKey,
  log,
  makeFolder,
  passphraseFingerprint,
  query,
  startPlatformDatabases,
} from '../backup/platform-databases.ts';
import type { PlatformDatabases } from '../backup/platform-databases.ts';

const never = new AbortController().signal;
const [thief, trapper, bystander, owner] = ['app_thief00001', 'app_trapper001', 'app_bystander1', 'app_owner00001'];
const redisDirectory = makeServerDirectory();
const { folder, remove } = makeFolder();
const target = folderTarget(folder);
let source: PlatformDatabases;
let empty: PlatformDatabases;
let redisServer: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
let runId: string;

test.before(async () => {
  [source, empty, redisServer] = await Promise.all([startPlatformDatabases(), startPlatformDatabases(), startRedis(redisDirectory)]);
  redis = redisClient(redisServer.url);
  for (const appId of [thief, trapper, bystander]) await source.makeTenant(appId);
  await source.makeTenant(owner, 'dedicated');
});
test.after.always(async () => {
  redis?.disconnect();
  await Promise.all([source?.stop(), empty?.stop(), redisServer?.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
  remove();
});

const options = () => ({
  ...{ target, adminUrl: empty.admin.control, tenantsAdminUrl: empty.admin.tenants, encryptionKey, passphraseFingerprint },
  ...{ box: createSecretBox(encryptionKey), redis, binDir, log },
  request: { runId, discard: [], partial: false },
});
const load = (partial = false): Promise<LoadedRestore> => loadRestore({ ...options(), request: { runId, discard: [], partial } }, never);

/** The tenant's own login, on one of the platforms. */
async function loginOf(appId: string, server: string): Promise<string> {
  const [row] = await query(
    databaseUrl(source.admin.control, 'authsome_control'),
    `select sealed_outputs as sealed from applications where id = '${appId}'`,
  );
  const { databaseUrl: url } = JSON.parse(createSecretBox(encryptionKey).open(String(row?.['sealed']), appId)) as { databaseUrl: string };
  return Object.assign(new URL(url), { port: new URL(server).port }).href;
}

const powers = (server: string): Promise<Record<string, unknown>[]> =>
  query(
    server,
    `select rolname as role, 'attributes' as power from pg_roles
      where rolname ~ '^app_' and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
     union all select m.rolname, g.rolname from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
      where m.rolname ~ '^app_'`,
  );

/** A check that the rows of a dump run through: it tries to be whoever loads them. */
async function steal(appId: string, server: string): Promise<void> {
  const login = new URL(await loginOf(appId, server));
  login.searchParams.set('options', '-c search_path=public,pg_catalog');
  await query(
    login.href,
    `create table loot (role text);
     create function promote(v text) returns boolean language plpgsql as $$ begin
       begin reset role; alter role ${appId}_user superuser; exception when others then null; end;
       begin reset session authorization; alter role ${appId}_user superuser; exception when others then null; end;
       begin execute 'grant pg_read_all_data, pg_execute_server_program to ${appId}_user'; exception when others then null; end;
       return true;
     end $$;
     insert into loot values ('x');
     alter table loot add check (promote(role))`,
  );
}

test.serial('a backup reads a hostile database and runs nothing of it, as a reader and as a superuser', async (t) => {
  await steal(thief, source.admin.tenants);
  // A dump can't write down what ran in it: it would fail.
  await makeHostile(await loginOf(trapper, source.admin.tenants), 'raise');
  const traps = await makeHostile(await loginOf(owner, source.admin.dedicated), 'raise');
  t.true(traps.doubles > 3_000);
  await steal(owner, source.admin.dedicated);
  const run = await runBackup(source.backupOptions(target), never);
  t.deepEqual(
    run.databases.filter(({ status }) => status === 'failed'),
    [],
  );
  runId = run.id;
  t.deepEqual(await powers(source.superuser.tenants), []);
  t.deepEqual(await powers(source.admin.dedicated), []);
});

test.serial('a restore after which a role would have what it must not fails, and names it', async (t) => {
  // As one would be that found a way: the restore meets it on the server.
  await query(empty.superuser.tenants, `create role ${bystander}_user; grant pg_read_all_data to ${bystander}_user`);
  await t.throwsAsync(load(true), { name: 'MightyRolesError', message: /app_bystander1_user is a member of pg_read_all_data/ });
  await query(empty.superuser.tenants, `revoke pg_read_all_data from ${bystander}_user`);
  const control = databaseUrl(empty.admin.control, 'authsome_control');
  t.deepEqual(await query(control, 'select id from applications'), []);
});

test.serial("a dump that can't be loaded keeps no other tenant from its own, where a partial restore is asked for", async (t) => {
  // Of an extension that no owner of a database may make.
  const database = databaseUrl(source.superuser.tenants, `authsome_${trapper}`);
  const pinned = `${database}?options=-c%20search_path%3Dpg_catalog`;
  await query(pinned, 'create extension file_fdw schema hostile');
  const broken = await runBackup(source.backupOptions(target), never);
  await query(pinned, 'drop extension file_fdw');
  const good = runId;
  runId = broken.id;
  t.teardown(() => (runId = good));
  await t.throwsAsync(load(), { message: /app_trapper001.dump could not be loaded/ });
  const { applications } = await load(true);
  t.deepEqual(
    applications.filter(({ loaded }) => !loaded).map(({ id }) => id),
    [trapper],
  );
  t.deepEqual((await load(true)).applications, applications);
  t.is((await query(await loginOf(bystander, empty.admin.tenants), 'select * from "user"')).length, 500);
  await Promise.all([empty.stop()]);
  empty = await startPlatformDatabases();
});

test.serial("a function of a tenant's dump runs as the tenant, whoever restores it", async (t) => {
  const loaded = await load();
  t.true(loaded.applications.every(({ loaded }) => loaded));
  t.deepEqual(await powers(empty.superuser.tenants), []);
  t.is((await query(await loginOf(thief, empty.admin.tenants), 'select * from loot')).length, 1);
  t.is((await query(await loginOf(bystander, empty.admin.tenants), 'select * from "user"')).length, 500);
  const people = await query(await loginOf(trapper, empty.admin.tenants), 'select name from public.people');
  t.deepEqual(people, [{ name: 'ada' }]);
});

test.serial("the same on a server of the tenant's own", async (t) => {
  const login = await loginOf(owner, empty.admin.dedicated);
  const outputs = { databaseUrl: login, databaseName: `authsome_${owner}`, databaseAdminUrl: empty.admin.dedicated };
  const sealed = createSecretBox(encryptionKey).seal(JSON.stringify(outputs), owner);
  const control = databaseUrl(empty.admin.control, 'authsome_control');
  await query(control, `update applications set sealed_outputs = '${sealed}' where id = '${owner}'`);
  t.deepEqual(await finishRestore(options(), never), { runId, databases: [{ applicationId: owner, error: null }] });
  t.deepEqual(await powers(empty.admin.dedicated), []);
  t.is((await query(login, 'select * from public.loot')).length, 1);
});
