import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { isGood, manifestSchema } from '../../../services/backup/manifest.ts';
import type { Manifest } from '../../../services/backup/manifest.ts';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startBucketServer } from '../../support/start-bucket-server.ts';
import type { BucketServer } from '../../support/start-bucket-server.ts';
import { startRedis } from '../../support/start-redis.ts';
import { backupEnv, restoreEnv, resultOf, startBackupProcess } from './backup-process.ts';
import { platformContent } from './platform-content.ts';
import { binDir, contentOf, encryptionKey, query, startPlatformDatabases } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret/key+with=signs', region: 'eu-west-1' };
const [small, large, own] = ['app_small00001', 'app_large00001', 'app_own0000001'];
const redisDirectory = makeServerDirectory();
let platform: PlatformDatabases;
let empty: PlatformDatabases;
let redis: Awaited<ReturnType<typeof startRedis>>;
let server: BucketServer;

test.before(async () => {
  [platform, empty, redis] = await Promise.all([startPlatformDatabases(), startPlatformDatabases(), startRedis(redisDirectory)]);
  await platform.makeTenant(small);
  await platform.makeTenant(large);
  await platform.makeTenant(own, 'dedicated');
  // 20 MB that nothing compresses: more than one part of an upload.
  await query(
    databaseUrl(platform.admin.tenants, `authsome_${large}`),
    `set role ${large}_user;
     create table public.avatars as select row, (select string_agg(sha512(convert_to(row || '-' || piece, 'UTF8')), '') as image from generate_series(1, 1600) piece)
       from generate_series(1, 200) row`,
  );
});
test.beforeEach(async () => {
  server = await startBucketServer({ bucket: 'backups', credentials });
});
test.afterEach.always(() => server.close());
test.after.always(async () => {
  await Promise.all([platform.stop(), empty.stop(), redis.stop()]);
  rmSync(redisDirectory, { recursive: true, force: true });
});

const inBucket = () => ({
  ...{ BACKUP_TARGET: 's3://backups/eu/production', S3_ENDPOINT: server.url, S3_REGION: credentials.region },
  ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
});
const backUp = () => startBackupProcess(['run'], { ...backupEnv(platform), ...inBucket() });
const listed = async () => resultOf((await startBackupProcess(['list'], { ...backupEnv(platform), ...inBucket() })).stdout);
const objectOf = (key: string): Buffer | undefined => server.objects.get(`eu/production/${key}`);
const manifestOf = (id: string): Manifest => manifestSchema.parse(JSON.parse(objectOf(`${id}/manifest.json`)?.toString('utf8') ?? 'null'));
const times = (request: string): number => server.requests.filter((name) => name === request).length;
const newestRow = () =>
  platform.db.selectFrom('backup_runs').orderBy('started_at', 'desc').select(['id', 'status', 'error']).limit(1).executeTakeFirstOrThrow();

test.serial('a backup in a bucket is listed, holds every dump as its manifest says, and is restored from there', async (t) => {
  const run = await backUp();
  t.is(run.exitCode, 0, run.all);
  const { id } = resultOf(run.stdout) as { id: string };
  t.like(await listed(), [{ id, status: 'succeeded', databases: 5, failures: [] }]);

  const { databases } = manifestOf(id);
  const dumps = databases.filter(isGood);
  t.deepEqual(
    dumps.map(({ key }) => `eu/production/${key}`).sort(),
    [...server.objects.keys()].filter((key) => key.endsWith('.dump')).sort(),
  );
  t.is(dumps.length, 5);
  for (const { key, bytes, sha256 } of dumps) {
    t.is(objectOf(key)?.length, bytes, key);
    t.is(sha256Of(objectOf(key)), sha256, key);
  }
  // Else the large one is not as large as it has to be here.
  t.deepEqual([times('begin'), times('part'), times('complete')], [1, 2, 1]);
  t.is(server.openUploads.size, 0);

  const restored = await startBackupProcess(['restore-load', id], { ...restoreEnv(empty, redis), ...inBucket() });
  t.is(restored.exitCode, 0, restored.all);
  const before = await platformContent(platform, [small, large]);
  t.is(before.databases[large]?.['avatars']?.length, 200);
  t.deepEqual(await platformContent(empty, [small, large]), before);
  // A server of the tenant's own is there only later; its dump is of use to anybody who has PostgreSQL.
  t.deepEqual(await loaded(`${id}/authsome_${own}.dump`), await contentOf(databaseUrl(platform.admin.dedicated, `authsome_${own}`)));
  for (const secret of [credentials.secretAccessKey, encryptionKey]) t.false((run.all + restored.all).includes(secret));
});

test.serial('an upload that the bucket breaks off fails the run and leaves no part of itself, and the other dumps are good', async (t) => {
  server.failing = ({ query: parameters, key }) =>
    key.endsWith(`authsome_${large}.dump`) && parameters.get('partNumber') === '2' ? 'reset' : undefined;
  const run = await backUp();
  t.is(run.exitCode, 1, run.all);
  const { id, failures } = resultOf(run.stdout) as { id: string; failures: { database: string; error: string }[] };
  t.deepEqual(
    failures.map(({ database }) => database),
    [`authsome_${large}`],
  );
  t.regex(failures[0]?.error ?? '', /ECONNRESET|hang up/);
  t.like(await newestRow(), { id, status: 'failed' });
  t.like(await listed(), [{ id, status: 'failed', databases: 4 }]);

  t.is(server.openUploads.size, 0);
  t.is(times('abort'), times('begin'));
  t.true(times('begin') > 0);
  t.is(objectOf(`${id}/authsome_${large}.dump`), undefined);
  for (const { key, sha256 } of manifestOf(id).databases.filter(isGood)) t.is(sha256Of(objectOf(key)), sha256, key);
});

test.serial('a backup that is terminated while it uploads leaves no part either, and is no run that anybody takes for whole', async (t) => {
  const uploading = Promise.withResolvers<void>();
  server.failing = ({ query: parameters }) => {
    if (parameters.get('partNumber') === null) return undefined;
    uploading.resolve();
    // Busy until the end, so that it is in the middle of its upload when it is terminated.
    return 503;
  };
  const running = backUp();
  await Promise.race([uploading.promise, running.then(({ all }) => Promise.reject(new Error(`the backup ended: ${all}`)))]);
  running.kill('SIGTERM');
  const ended = await running;
  t.is(ended.exitCode, 1, ended.all);
  const { id, status } = await newestRow();
  t.is(status, 'failed');
  t.is(server.openUploads.size, 0);
  t.is(objectOf(`${id}/manifest.json`), undefined);
  t.is(objectOf(`${id}/authsome_${large}.dump`), undefined);
});

function sha256Of(object: Buffer | undefined): string {
  return createHash('sha256')
    .update(object ?? '')
    .digest('hex');
}

/** The content of a dump, loaded into a database of its own. */
async function loaded(key: string): Promise<Record<string, string[]>> {
  await query(empty.admin.dedicated, `create database scratch template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  const url = databaseUrl(empty.admin.dedicated, 'scratch');
  await execa(join(binDir, 'pg_restore'), ['--exit-on-error', '--no-owner', '--no-privileges', `--dbname=${url}`], {
    input: objectOf(key) ?? Buffer.alloc(0),
    timeout: 60_000,
  });
  return contentOf(url);
}
