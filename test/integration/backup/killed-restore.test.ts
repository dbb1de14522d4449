import { rmSync } from 'node:fs';
import test from 'ava';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { runBackup } from '../../../services/backup/run-backup.ts';
import { folderTarget } from '../../../services/backup/targets/folder-target.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startRedis } from '../../support/start-redis.ts';
import { waitFor } from '../../support/wait-for.ts';
import { restoreEnv, startBackupProcess } from './backup-process.ts';
import { platformContent } from './platform-content.ts';
import { makeFolder, query, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

let source: PlatformDatabases;
let empty: PlatformDatabases;
let redis: Awaited<ReturnType<typeof startRedis>>;
let runId: string;
const { folder, remove } = makeFolder();
const redisDirectory = makeServerDirectory();
const tenants = ['app_first00001', 'app_second0001'];

test.before(async () => {
  [source, redis] = await Promise.all([startPlatformDatabases(), startRedis(redisDirectory)]);
  for (const id of tenants) await source.makeTenant(id);
  await query(databaseUrl(source.admin.control, 'authsome_state'), `insert into pulumi_state values ('stack', '{"a": 1}')`);
  ({ id: runId } = await runBackup(source.backupOptions(folderTarget(folder)), new AbortController().signal));
});
test.after.always(async () => {
  await Promise.all([source.stop(), redis.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
  remove();
});
test.beforeEach(async () => {
  empty = await startPlatformDatabases();
});
test.afterEach.always(() => empty.stop());

/** What the restore is held up by, so that it is known where it is when it is killed. */
interface Hold {
  set: () => Promise<unknown>;
  release: () => Promise<unknown>;
  /** Where its backend sleeps. */
  server: () => string;
  replaced: boolean;
}

const sleep = (name: string, returns: string, end: string): string =>
  `create function ${name} returns ${returns} language plpgsql as $$ begin perform pg_sleep(300); ${end} end $$`;

/** Each tenant's draft is made from this. */
const template = (): string => databaseUrl(empty.admin.tenants, 'authsome_template');

const insideTenant: Hold = {
  set: () =>
    query(
      template(),
      `create schema hold; grant usage on schema hold to public; ${sleep('hold.up()', 'event_trigger', '')};
       create event trigger hold on ddl_command_start when tag in ('CREATE TABLE') execute function hold.up()`,
    ),
  release: () => query(template(), 'drop event trigger hold; drop schema hold cascade'),
  server: () => empty.admin.tenants,
  replaced: false,
};

/** Done already, and about to be noted. */
const atNoteOf = (item: string, replaced = false): Hold => ({
  set: () =>
    query(
      empty.admin.control,
      `create table authsome_restore (run_id text not null, item text not null, done_at timestamptz not null default now(), primary key (run_id, item));
       ${sleep('hold_up()', 'trigger', 'return new;')};
       create trigger hold before insert on authsome_restore for each row when (new.item = '${item}') execute function hold_up()`,
    ),
  release: () => query(empty.admin.control, 'drop trigger hold on authsome_restore'),
  server: () => empty.admin.control,
  replaced,
});

const holds: [string, Hold][] = [
  ["while a tenant's database is loaded", insideTenant],
  ['after a tenant of several', atNoteOf('authsome_app_second0001')],
  ["at the stroke that replaces the stacks' state", atNoteOf('authsome_state')],
  ['at the stroke that replaces the control database', atNoteOf('authsome_control')],
  ['before the end', atNoteOf('routes', true)],
];

for (const [where, hold] of holds) {
  test.serial(`a restore whose process gets SIGKILL ${where} goes on to equal data when it is called again`, async (t) => {
    await hold.set();
    const killed = restoreLoad();
    const sleeping = `select pid from pg_stat_activity where wait_event = 'PgSleep'`;
    await Promise.race([
      waitFor('the restore to be held up', async () => (await query(hold.server(), sleeping)).length > 0),
      killed.then(({ all }) => Promise.reject(new Error(`the restore ended: ${all}`))),
    ]);
    killed.kill('SIGKILL');
    t.is((await killed).signal, 'SIGKILL');
    // A server finds out that its client is gone once it has something to tell it.
    await query(hold.server(), `select pg_terminate_backend(pid) from (${sleeping}) s`);
    await hold.release();
    const control = databaseUrl(empty.admin.control, 'authsome_control');
    t.is((await query(control, 'select id from applications')).length, hold.replaced ? tenants.length : 0);

    const again = await restoreLoad();
    t.is(again.exitCode, 0, again.all);
    t.deepEqual(await platformContent(empty, tenants), await platformContent(source, tenants));
    const left = String.raw`select datname from pg_database where datname ~ '^(restoring|replaced)_'`;
    for (const server of [empty.admin.control, empty.admin.tenants]) t.deepEqual(await query(server, left), []);
  });
}

function restoreLoad() {
  return startBackupProcess(['restore-load', runId], { ...restoreEnv(empty, redis), BACKUP_TARGET: `file://${folder}` });
}
