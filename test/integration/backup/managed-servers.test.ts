import { rmSync } from 'node:fs';
import test from 'ava';
import { loadRestore } from '../../../services/backup/restore/load-restore.ts';
import { runBackup } from '../../../services/backup/run-backup.ts';
import { folderTarget } from '../../../services/backup/targets/folder-target.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startRedis } from '../../support/start-redis.ts';
import { platformContent } from './platform-content.ts';
import { binDir, encryptionKey, log, makeFolder, passphraseFingerprint, query, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';
import { redisClient } from '../../support/redis-client.ts';

// Servers of a managed service: TLS by an authority of its own, and an administrator who is no superuser.
const never = new AbortController().signal;
const app = 'app_managed001';
const { folder, remove } = makeFolder();
const redisDirectory = makeServerDirectory();
let source: PlatformDatabases;
let empty: PlatformDatabases;
let server: Awaited<ReturnType<typeof startRedis>>;

test.before(async () => {
  [source, empty, server] = await Promise.all([
    startPlatformDatabases({ managed: true }),
    startPlatformDatabases({ managed: true }),
    startRedis(redisDirectory),
  ]);
  await source.makeTenant(app);
});
test.after.always(async () => {
  await Promise.all([source?.stop(), empty?.stop(), server?.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
  remove();
});

test.serial('the set-up needs no superuser, and does its work again without a change', async (t) => {
  await t.notThrowsAsync(source.setUp());
  const [row] = await query(source.admin.control, 'select rolsuper as superuser from pg_roles where rolname = current_user');
  t.deepEqual(row, { superuser: false });
});

test.serial('every connection is encrypted', async (t) => {
  const [row] = await query(source.urls.control, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()');
  t.deepEqual(row, { ssl: true });
});

test.serial('a server of another authority is refused', async (t) => {
  const other = new URL(source.admin.control);
  other.searchParams.set('sslrootcert', new URL(empty.admin.control).searchParams.get('sslrootcert') ?? '');
  await t.throwsAsync(query(other.href, 'select 1'), { message: /certificate/ });
});

test.serial('what was backed up there is restored into other such servers, and equal', async (t) => {
  const target = folderTarget(folder);
  const run = await runBackup(source.backupOptions(target), never);
  t.deepEqual(
    run.databases.map(({ name, status }) => [name, status]),
    [
      [`authsome_${app}`, 'succeeded'],
      ['authsome_state', 'succeeded'],
      ['authsome_control', 'succeeded'],
    ],
  );
  const redis = redisClient(server.url);
  t.teardown(() => redis.disconnect());
  await loadRestore(
    {
      ...{ target, adminUrl: empty.admin.control, tenantsAdminUrl: empty.admin.tenants, encryptionKey, passphraseFingerprint },
      ...{ box: createSecretBox(encryptionKey), redis, binDir, log },
      request: { runId: run.id, discard: [], partial: false },
    },
    never,
  );
  await empty.setUp();
  t.deepEqual(await platformContent(empty, [app]), await platformContent(source, [app]));
});

test.serial("a tenant's role still gets into no other tenant's database", async (t) => {
  await source.makeTenant('app_managed002');
  const [row] = await query(
    source.admin.tenants,
    `select has_database_privilege('${app}_user', 'authsome_app_managed002', 'CONNECT') as may`,
  );
  t.deepEqual(row, { may: false });
});
