import { rmSync } from 'node:fs';
import test from 'ava';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { during, endPostgresConnections } from '../../support/end-connections.ts';
import { backupEnv, resultOf, startBackupProcess } from './backup-process.ts';
import { makeFolder, startPlatformDatabases } from './platform-databases.ts';

test('a backup whose connections PostgreSQL ends says so and ends, and the next one succeeds', async (t) => {
  const platform = await startPlatformDatabases();
  const { folder, remove } = makeFolder();
  t.teardown(async () => {
    await platform.stop();
    remove();
    rmSync(folder, { recursive: true, force: true });
  });
  await platform.makeTenant('app_first00001');
  const env = { ...backupEnv(platform), BACKUP_TARGET: `file://${folder}` };
  const places = [platform.urls.control, databaseUrl(platform.admin.control, 'postgres'), platform.urls.state];

  const disturbed = await during(
    startBackupProcess(['run'], env),
    () => Promise.all(places.map((place) => endPostgresConnections(place))),
    100,
  );
  t.true([0, 1].includes(disturbed.exitCode ?? -1), disturbed.all);
  t.notRegex(disturbed.all, /Uncaught exception|Unhandled rejection/);

  const run = await startBackupProcess(['run'], env);
  t.is(run.exitCode, 0, run.all);
  t.like(resultOf(run.stdout), { status: 'succeeded' });
});
