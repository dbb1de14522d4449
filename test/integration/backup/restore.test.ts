import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Redis } from 'ioredis';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { finishRestore } from '../../../services/backup/restore/finish-restore.ts';
import { loadRestore } from '../../../services/backup/restore/load-restore.ts';
import type { LoadOptions } from '../../../services/backup/restore/load-restore.ts';
import { showRestore } from '../../../services/backup/restore/show-restore.ts';
import { runBackup } from '../../../services/backup/run-backup.ts';
import { folderTarget } from '../../../services/backup/targets/folder-target.ts';
import type { BackupTarget } from '../../../services/backup/targets/target.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { insertApplication } from '../../support/insert-application.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startRedis } from '../../support/start-redis.ts';
import { platformContent } from './platform-content.ts';
import {
  binDir,
  contentOf,
  encryptionKey,
  log,
  makeFolder,
  passphraseFingerprint,
  query,
  startPlatformDatabases,
} from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';
import { redisClient } from '../../support/redis-client.ts';

let source: PlatformDatabases;
let empty: PlatformDatabases;
let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
let runId: string;
const never = new AbortController().signal;
const { folder, remove } = makeFolder();
const target = folderTarget(folder);
const redisDirectory = makeServerDirectory();
const [first, second, own] = ['app_first00001', 'app_second0001', 'app_own0000001'];

test.before(async () => {
  // Of this file's own: a restore forgets the routes of a whole server.
  [source, server] = await Promise.all([startPlatformDatabases(), startRedis(redisDirectory)]);
  redis = redisClient(server.url);
  await source.makeTenant(first);
  await source.makeTenant(second);
  await source.makeTenant(own, 'dedicated');
  // Never active: it has no outputs, and no data.
  await insertApplication(source.db, { application: { id: 'app_new0000001' }, job: { status: 'queued', published_at: new Date() } });
  const state = databaseUrl(source.admin.control, 'authsome_state');
  await query(state, `insert into pulumi_state values ('authsome_state/.pulumi/stacks/t/app-first00001.json', '{"a": 1}')`);
  await query(state, `insert into pulumi_state values ('authsome_state/.pulumi/locks/organization/t/app-first00001/x.json', '{}')`);
  ({ id: runId } = await runBackup(source.backupOptions(target), never));
});
test.after.always(async () => {
  redis.disconnect();
  await Promise.all([source.stop(), server.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
  remove();
});
test.beforeEach(async () => {
  empty = await startPlatformDatabases();
});
test.afterEach.always(() => empty.stop());

const options = (changes: Partial<LoadOptions> = {}): LoadOptions => ({
  ...{ target, adminUrl: empty.admin.control, tenantsAdminUrl: empty.admin.tenants, encryptionKey, passphraseFingerprint },
  ...{ box: createSecretBox(encryptionKey), redis, binDir, log },
  request: { runId, discard: [], partial: false },
  ...changes,
});
const load = (changes: Partial<LoadOptions> = {}, signal = never) => loadRestore(options(changes), signal);

const content = (platform: PlatformDatabases) => platformContent(platform, [first, second]);

test.serial('what is restored into an empty platform is equal to what was backed up, and its users are in it', async (t) => {
  await redis.set('route:app_first00001', '{"revision":99}');
  await redis.set('kept', '1');
  const shown = await showRestore(options());
  t.deepEqual({ ...shown, bytes: 0, startedAt: '' }, { runId, startedAt: '', databases: 5, bytes: 0, missing: [], loaded: false });
  const loaded = await load();
  t.deepEqual(loaded.applications.map(({ id, tier }) => `${id} ${tier}`).sort(), [
    ...['app_first00001 shared', 'app_new0000001 shared', 'app_own0000001 dedicated', 'app_second0001 shared'],
  ]);
  const [before, after] = [await content(source), await content(empty)];
  t.deepEqual(after, before);
  t.is(after.databases[first]?.['"user"']?.length, 500);
  t.is(after.applications, 4);

  const control = databaseUrl(empty.admin.control, 'authsome_control');
  t.deepEqual(await query(control, 'select distinct published_revision as r from applications'), [{ r: '0' }]);
  t.deepEqual(await query(control, `select published_at from jobs where status = 'queued'`), [{ published_at: null }]);
  t.deepEqual(await query(control, 'select id, status from backup_runs'), [{ id: runId, status: 'succeeded' }]);
  t.deepEqual(await redis.keys('*'), ['kept']);
  // As the platform's next start does it: grants and roles are as they have to be.
  await t.notThrowsAsync(empty.setUp());
  t.is((await query(empty.urls.control, 'select id from applications')).length, 4);
});

test.serial("a tenant's role signs in with the password that its stack knows, and owns what is its own", async (t) => {
  await load();
  const { databaseUrl: login } = await outputsOf(first);
  const url = new URL(login);
  url.port = new URL(empty.admin.tenants).port;
  await query(url.href, `insert into "user" (id, email) values ('usr_new', 'new@example.com'); alter table "user" add column added int`);
  const owners = `select distinct tableowner as owner from pg_tables where schemaname = 'public'`;
  t.deepEqual(await query(url.href, owners), [{ owner: `${first}_user` }]);
  // The stack's repair has to get in to set the rest right.
  const mayConnect = `select has_database_privilege('authsome_tenants', 'authsome_${first}', 'connect') as may`;
  t.deepEqual(await query(empty.admin.tenants, mayConnect), [{ may: true }]);
  const outsider = new URL(url.href);
  outsider.username = `${second}_user`;
  const { databaseUrl: other } = await outputsOf(second);
  outsider.password = new URL(other).password;
  await t.throwsAsync(query(outsider.href, 'select 1'), { message: /permission denied for database/ });
});

test.serial('a restore that is killed in the middle changes nothing of the platform, and goes on when it is called again', async (t) => {
  const stopping = new AbortController();
  let reads = 0;
  const stopped: BackupTarget = {
    ...target,
    async read(key) {
      reads += 1;
      if (key.endsWith('authsome_state.dump')) stopping.abort(new Error('killed'));
      return target.read(key);
    },
  };
  await t.throwsAsync(load({ target: stopped }, stopping.signal));
  t.is((await query(databaseUrl(empty.admin.control, 'authsome_control'), 'select id from applications')).length, 0);
  t.is(reads, 4);
  const read: string[] = [];
  const counting: BackupTarget = { ...target, read: (key) => (read.push(key.slice(key.indexOf('/') + 1)), target.read(key)) };
  await load({ target: counting });
  // The tenants were done.
  t.deepEqual(read, ['authsome_control.dump', 'authsome_state.dump']);
  t.deepEqual(await content(empty), await content(source));
});

test.serial('a restore that is done already is not done again, although the platform has applications by now', async (t) => {
  await load();
  await query(databaseUrl(empty.admin.control, 'authsome_control'), `update workspaces set name = 'changed since'`);
  await load();
  const [{ name }] = (await query(databaseUrl(empty.admin.control, 'authsome_control'), 'select distinct name from workspaces')) as [
    { name: string },
  ];
  t.is(name, 'changed since');
  t.true((await showRestore(options())).loaded);
});

test.serial('a platform with applications is left as it is, unless each is named', async (t) => {
  await empty.makeTenant('app_living0001');
  const refused = { name: 'RestoreRefusedError', message: /app_living0001 .*--discard/ };
  await t.throwsAsync(load(), refused);
  await t.throwsAsync(load({ request: { runId, discard: ['app_other00001'], partial: false } }), refused);
  t.is((await query(databaseUrl(empty.admin.control, 'authsome_control'), 'select id from applications')).length, 1);
  await load({ request: { runId, discard: ['app_living0001'], partial: false } });
  t.deepEqual(await content(empty), await content(source));
});

test.serial('a platform with other keys is refused before anything is changed', async (t) => {
  const other = randomBytes(32).toString('base64');
  await t.throwsAsync(load({ encryptionKey: other }), { message: /another ENCRYPTION_KEY than/ });
  await t.throwsAsync(load({ passphraseFingerprint: 'other' }), { message: /another the passphrase/ });
  t.deepEqual(await query(empty.admin.tenants, `select datname from pg_database where datname like 'authsome_app%'`), []);
});

test.serial('a damaged dump is found before anything is changed, and while it is loaded', async (t) => {
  const file = join(folder, runId, `authsome_${second}.dump`);
  const whole = readFileSync(file);
  t.teardown(() => writeFileSync(file, whole));
  const damaged = Buffer.from(whole);
  damaged[Math.floor(damaged.length / 2)] = (damaged[Math.floor(damaged.length / 2)] ?? 0) ^ 0xff;
  writeFileSync(file, damaged);
  await t.throwsAsync(showRestore(options()), { message: /app_second0001.dump can't be restored/ });
  await t.throwsAsync(load(), { message: /app_second0001.dump (is damaged|could not be loaded)/ });
  t.deepEqual(await query(empty.admin.tenants, `select datname from pg_database where datname = 'authsome_${second}'`), []);
  t.is((await query(databaseUrl(empty.admin.control, 'authsome_control'), 'select id from applications')).length, 0);
});

test.serial('a run in which databases are missing is restored only where that is said to do', async (t) => {
  await query(source.admin.tenants, `alter database authsome_${second} allow_connections false`);
  t.teardown(() => query(source.admin.tenants, `alter database authsome_${second} allow_connections true`));
  const partial = await runBackup(source.backupOptions(target), never);
  t.is(partial.status, 'failed');
  const request = { runId: partial.id, discard: [], partial: false };
  await t.throwsAsync(load({ request }), { message: /lacks authsome_app_second0001.*--partial/ });
  const loaded = await load({ request: { ...request, partial: true } });
  t.deepEqual(
    loaded.applications.find(({ id }) => id === second),
    { id: second, tier: 'shared', loaded: false },
  );
});

test.serial("a tenant's own server gets its database back as soon as it answers, and then the restore is finished", async (t) => {
  await t.throwsAsync(finishRestore(options(), never), { message: /has applications|not loaded yet/ });
  await load();
  // The new platform makes that server anew: the old one's address in the outputs is the new one's, as both are names.
  const { databaseUrl: login, databaseAdminUrl } = await outputsOf(own);
  const moved = (url: string): string => Object.assign(new URL(url), { port: new URL(empty.admin.dedicated).port }).href;
  const outputs = { databaseName: `authsome_${own}`, databaseUrl: moved(login), databaseAdminUrl: moved(String(databaseAdminUrl)) };
  const sealed = createSecretBox(encryptionKey).seal(JSON.stringify(outputs), own);
  await query(
    databaseUrl(empty.admin.control, 'authsome_control'),
    `update applications set sealed_outputs = '${sealed}' where id = '${own}'`,
  );

  t.deepEqual(await finishRestore(options(), never), { runId, databases: [{ applicationId: own, error: null }] });
  const before = await contentOf(databaseUrl(source.admin.dedicated, `authsome_${own}`));
  t.deepEqual(await contentOf(outputs.databaseUrl), before);
  // From now on the same restore is a new one, which a platform with applications refuses.
  await t.throwsAsync(load(), { name: 'RestoreRefusedError' });
});

test.serial("a tenant's own server that never answers is told, and the restore is not finished", async (t) => {
  await load();
  const unreachable = {
    databaseName: `authsome_${own}`,
    databaseUrl: 'postgres://app_own0000001_user:0123456789abcdef@127.0.0.1:1/authsome_app_own0000001',
  };
  const outputs = { ...unreachable, databaseAdminUrl: 'postgres://postgres:x@127.0.0.1:1/postgres' };
  const sealed = createSecretBox(encryptionKey).seal(JSON.stringify(outputs), own);
  await query(
    databaseUrl(empty.admin.control, 'authsome_control'),
    `update applications set sealed_outputs = '${sealed}' where id = '${own}'`,
  );
  const { databases } = await finishRestore({ ...options(), serverWaitMs: 100 }, never);
  t.regex(databases[0]?.error ?? '', /did not answer/);
  t.true((await showRestore(options())).loaded);
});

async function outputsOf(appId: string): Promise<{ databaseUrl: string; databaseAdminUrl?: string }> {
  const [row] = await query(
    databaseUrl(source.admin.control, 'authsome_control'),
    `select sealed_outputs as sealed from applications where id = '${appId}'`,
  );
  return JSON.parse(createSecretBox(encryptionKey).open(String(row?.['sealed']), appId)) as { databaseUrl: string };
}
