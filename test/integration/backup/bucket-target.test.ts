import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import test from 'ava';
import { openTarget } from '../../../services/backup/targets/open-target.ts';
import type { BackupTarget } from '../../../services/backup/targets/target.ts';
import { startBucketServer } from '../../support/start-bucket-server.ts';
import type { BucketServer } from '../../support/start-bucket-server.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret/key+with=signs', region: 'eu-west-1' };
let server: BucketServer;
let target: BackupTarget;
const run = 'bkp_20260131023000abc123';

test.before(() => {
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
});
test.beforeEach(async () => {
  server = await startBucketServer({ bucket: 'backups', credentials });
  target = openTarget({ BACKUP_TARGET: 's3://backups/eu/production', S3_REGION: 'eu-west-1', S3_ENDPOINT: server.url });
});
test.afterEach.always(async () => {
  target.close();
  await server.close();
});

async function contentOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
const chunks = (bytes: Buffer, size = 100_000): Readable =>
  Readable.from(
    (function* () {
      for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
    })(),
  );

test.serial('a small file is one request, and is read back as it was written', async (t) => {
  const bytes = randomBytes(10_000);
  await target.write(`${run}/authsome_state.dump`, chunks(bytes));
  t.deepEqual(server.objects.get(`eu/production/${run}/authsome_state.dump`), bytes);
  t.deepEqual(server.requests, ['put']);
  t.deepEqual(await contentOf(await target.read(`${run}/authsome_state.dump`)), bytes);
  t.is(target.description, 's3://backups/eu/production');
});

test.serial('a large file goes in parts, and appears only when all of it is there', async (t) => {
  const bytes = randomBytes(40 * 2 ** 20 + 17);
  let seenEarly = false;
  const watched = async function* () {
    for await (const chunk of chunks(bytes, 2 ** 20)) {
      seenEarly ||= server.objects.size > 0;
      yield chunk as Buffer;
    }
  };
  await target.write(`${run}/authsome_control.dump`, Readable.from(watched()));
  t.false(seenEarly);
  t.true(server.objects.get(`eu/production/${run}/authsome_control.dump`)?.equals(bytes));
  t.deepEqual([...server.requests].sort(), ['begin', 'complete', 'part', 'part', 'part']);
  t.is(server.openUploads.size, 0);
});

test.serial('a dump that fails leaves neither an object nor parts', async (t) => {
  const failing = async function* () {
    yield randomBytes(34 * 2 ** 20);
    await delay(50);
    throw new Error('pg_dump ended with exit code 1');
  };
  await t.throwsAsync(target.write(`${run}/x.dump`, Readable.from(failing())), { message: /pg_dump ended/ });
  const small = async function* () {
    yield randomBytes(100);
    await delay(1);
    throw new Error('pg_dump ended with exit code 1');
  };
  await t.throwsAsync(target.write(`${run}/y.dump`, Readable.from(small())), { message: /pg_dump ended/ });
  t.is(server.objects.size, 0);
  t.is(server.openUploads.size, 0);
});

test.serial('a write that is stopped leaves neither an object nor parts', async (t) => {
  const stopping = new AbortController();
  const endless = async function* () {
    for (;;) {
      yield randomBytes(2 ** 20);
      if (server.openUploads.size > 0) stopping.abort(new Error('stopped'));
      await delay(1);
    }
  };
  await t.throwsAsync(target.write(`${run}/x.dump`, Readable.from(endless()), stopping.signal));
  t.is(server.objects.size, 0);
  t.is(server.openUploads.size, 0);
});

test.serial('a store that is busy for a moment is asked again', async (t) => {
  let refusals = 2;
  server.failing = () => (refusals-- > 0 ? 503 : undefined);
  await target.write(`${run}/x.dump`, chunks(randomBytes(1_000)));
  t.is(server.objects.size, 1);
});

test.serial('runs are listed over pages, other keys are no runs, and a run is removed with all its files', async (t) => {
  const ids = ['01', '02', '03', '04', '05'].map((day) => `bkp_202601${day}023000abc123`);
  for (const id of ids)
    for (const file of ['manifest.json', 'a.dump', 'b.dump', 'c.dump', 'd.dump'])
      server.objects.set(`eu/production/${id}/${file}`, Buffer.from('x'));
  server.objects.set('eu/production/notes/readme', Buffer.from('x'));
  server.objects.set('eu/production2/bkp_20260101023000abc123/manifest.json', Buffer.from('x'));
  t.deepEqual(await target.listRuns(), ids);
  await target.removeRun(String(ids[2]));
  t.deepEqual(
    await target.listRuns(),
    ids.filter((_id, index) => index !== 2),
  );
  t.is(server.objects.size, 4 * 5 + 2);
});

test.serial('a file that is not there is told apart from a store that refuses', async (t) => {
  t.is(await target.readText(`${run}/manifest.json`), undefined);
  await t.throwsAsync(target.read(`${run}/x.dump`), { name: 'NoSuchKey' });
  process.env['AWS_SECRET_ACCESS_KEY'] = 'another';
  const other = openTarget({ BACKUP_TARGET: 's3://backups', S3_REGION: 'eu-west-1', S3_ENDPOINT: server.url });
  t.teardown(() => {
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
    other.close();
  });
  await t.throwsAsync(other.readText(`${run}/manifest.json`), { name: 'SignatureDoesNotMatch' });
});
