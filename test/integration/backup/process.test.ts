import { rmSync } from 'node:fs';
import test from 'ava';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startRedis } from '../../support/start-redis.ts';
import { backupEnv, restoreEnv, resultOf, startBackupProcess } from './backup-process.ts';
import { encryptionKey, makeFolder, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

let platform: PlatformDatabases;
let empty: PlatformDatabases;
let redis: Awaited<ReturnType<typeof startRedis>>;
const { folder, remove } = makeFolder();
const redisDirectory = makeServerDirectory();

test.before(async () => {
  [platform, empty, redis] = await Promise.all([startPlatformDatabases(), startPlatformDatabases(), startRedis(redisDirectory)]);
  await platform.makeTenant('app_first00001');
});
test.after.always(async () => {
  await Promise.all([platform.stop(), empty.stop(), redis.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
  remove();
});

const start = (args: string[], env: Record<string, string>) => startBackupProcess(args, { BACKUP_TARGET: `file://${folder}`, ...env });

test.serial('the process backs up, lists, checks, loads and finishes, each with an answer as its last line', async (t) => {
  const run = await start(['run'], backupEnv(platform));
  t.is(run.exitCode, 0, run.all);
  const { id } = resultOf(run.stdout) as { id: string };
  t.like(resultOf(run.stdout), { status: 'succeeded', databases: 3, failures: [] });
  t.like(resultOf((await start(['list'], backupEnv(platform))).stdout), [{ id, status: 'succeeded' }]);

  t.like(resultOf((await start(['restore-check', id], restoreEnv(empty, redis))).stdout), { runId: id, databases: 3, loaded: false });
  const load = await start(['restore-load', id], restoreEnv(empty, redis));
  t.is(load.exitCode, 0, load.all);
  t.deepEqual(resultOf(load.stdout), { runId: id, applications: [{ id: 'app_first00001', tier: 'shared', loaded: true }] });
  t.deepEqual(resultOf((await start(['restore-finish', id], restoreEnv(empty, redis))).stdout), { runId: id, databases: [] });
  const again = await start(['restore-load', id], restoreEnv(empty, redis));
  t.is(again.exitCode, 1);
  t.true(again.all.includes('--discard'));
  for (const secret of ['test-superuser', 'password of a service role', encryptionKey]) t.false((run.all + load.all).includes(secret));
});

test.serial('a backup that is terminated ends soon, and its row says that it failed', async (t) => {
  const process_ = start(['run'], { ...backupEnv(platform), CONCURRENCY: '1' });
  const [began] = (await Promise.race([
    new Promise<string[]>((resolve) =>
      process_.stdout.on('data', (chunk: Buffer) => chunk.includes('Backup began') && resolve([String(chunk)])),
    ),
    process_.then(() => ['ended']),
  ])) as [string];
  t.true(began.includes('Backup began'));
  process_.kill('SIGTERM');
  t.is((await process_).exitCode, 1);
  const [row] = await platform.db.selectFrom('backup_runs').orderBy('started_at', 'desc').select(['status', 'error']).limit(1).execute();
  t.is(row?.status, 'failed');
});

test.serial('a bad configuration and an id that is none are told, without a value', async (t) => {
  const bad = await start(['run'], { BACKUP_TARGET: 'ftp://user:hunter2@host/x', ENCRYPTION_KEY: 'hunter2' });
  t.is(bad.exitCode, 1);
  for (const name of ['BACKUP_TARGET', 'ENCRYPTION_KEY', 'CONTROL_DATABASE_URL']) t.true(bad.all.includes(name), name);
  t.false(bad.all.includes('hunter2'));
  const strange = await start(['restore-load', '../../etc'], restoreEnv(empty, redis));
  t.is(strange.exitCode, 1);
  t.true(strange.all.includes('must be the id of a backup'));
});
