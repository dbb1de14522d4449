import { randomBytes } from 'node:crypto';
import test from 'ava';
import type pg from 'pg';
import { createStateDatabase } from '../../../../services/provisioner/inventory/state-database.ts';
import type { StateDatabase } from '../../../../services/provisioner/inventory/state-database.ts';
import { createMetrics } from '../../../../services/provisioner/metrics.ts';
import { pruneHistory } from '../../../../services/provisioner/maintenance/prune-history.ts';
import { createTestDatabase } from '../../../support/test-database.ts';
import type { TestDatabase } from '../../../support/test-database.ts';
import { postgresPool } from '../../../support/postgres-client.ts';

let database: TestDatabase;
let state: StateDatabase;
let admin: pg.Pool;
test.before(async () => {
  database = await createTestDatabase();
  state = createStateDatabase(database.url);
  admin = postgresPool({ connectionString: database.url });
});
test.after.always(async () => {
  await state?.close();
  await admin?.end();
  await database?.drop();
});

const stacks = 20;
const updates = 30;
const kept = 5;
/** Of a checkpoint as the backend stores it, seen with a free tenant's 34 resources. */
const checkpointBytes = 135_000;
/** The backend puts everything into a folder of the database's name. */
const root = (): string => new URL(database.url).pathname.slice(1);
const history = '.pulumi/history/authsome-tenant';
const metrics = createMetrics();

/** As Pulumi 3.274 makes it (pkg/backend/diy/postgres/schema.sql). */
const table = `
  create table pulumi_state (key text primary key, data json not null, updated_at timestamptz not null default now());
  create index pulumi_state_key_prefix_idx on pulumi_state (key text_pattern_ops)`;

const stampOf = (update: number): string => String(1_764_000_000_000_000_000n + BigInt(update) * 60_000_000_000n);
/** Random, as ciphertext is: it can't be compressed. */
const content = (bytes: number): string => JSON.stringify({ data: randomBytes(Math.floor((bytes * 3) / 4)).toString('base64') });
const put = (key: string, bytes: number) =>
  admin.query('insert into pulumi_state (key, data) values ($1, $2)', [`${root()}/${key}`, content(bytes)]);

async function fill(): Promise<void> {
  for (let stack = 0; stack < stacks; stack += 1) {
    const name = `app-stack${String(stack).padStart(4, '0')}`;
    await put(`.pulumi/stacks/authsome-tenant/${name}.json`, checkpointBytes);
    for (let update = 0; update < updates; update += 1) {
      const prefix = `${history}/${name}/${name}-${stampOf(update)}`;
      await put(`${prefix}.history.json`, 1_500);
      await put(`${prefix}.checkpoint.json`, checkpointBytes);
    }
  }
}

async function measure(): Promise<{ rows: number; bytes: number }> {
  const { rows } = await admin.query<{ rows: string; bytes: string }>(
    'select count(*) as rows, coalesce(sum(octet_length(data::text)), 0) as bytes from pulumi_state',
  );
  return { rows: Number(rows[0]?.rows), bytes: Number(rows[0]?.bytes) };
}

test.serial('without the backend’s table there is nothing to prune', async (t) => {
  t.false(await pruneHistory({ state, metrics, kept }));
});

test.serial('the newest updates of each stack stay, older ones go in portions, and nothing else does', async (t) => {
  await admin.query(table);
  await fill();
  const others = [
    '.pulumi/meta.yaml',
    '.pulumi/history/another-project/app-stack0000/app-stack0000-1764000000000000000.checkpoint.json',
    `${history}/app-stack0000/something-else.json`,
    '.pulumi/locks/organization/authsome-tenant/app-stack0000/1.json',
  ];
  for (const key of others) await put(key, 100);
  const before = await measure();

  const batchSize = 300;
  let portions = 1;
  while (await pruneHistory({ state, metrics, kept, batchSize })) portions += 1;
  t.is(portions, Math.ceil((stacks * (updates - kept) * 2 + 1) / batchSize));

  const { rows } = await admin.query<{ key: string }>('select key from pulumi_state order by key');
  const keys = rows.map(({ key }) => key.slice(root().length + 1));
  for (const key of others) t.true(keys.includes(key));
  t.is(keys.filter((key) => key.startsWith('.pulumi/stacks/')).length, stacks);
  const newest = Array.from({ length: kept }, (_, index) => stampOf(updates - kept + index));
  t.deepEqual(
    keys.filter((key) => key.startsWith(`${history}/app-stack0007/`)),
    newest.flatMap((stamp) => ['checkpoint', 'history'].map((kind) => `${history}/app-stack0007/app-stack0007-${stamp}.${kind}.json`)),
  );
  const after = await measure();
  t.log(`${stacks} stacks of ${updates} updates: ${before.rows} rows, ${mib(before.bytes)} → ${after.rows} rows, ${mib(after.bytes)}`);
  t.true(after.bytes < before.bytes / 4);
  t.false(await pruneHistory({ state, metrics, kept }));
});

test.serial('a portion reads keys and not checkpoints', async (t) => {
  await admin.query('vacuum analyze pulumi_state');
  const startedAt = performance.now();
  await pruneHistory({ state, metrics, kept });
  const ms = performance.now() - startedAt;
  t.log(`${Math.round(ms)} ms for ${stacks * kept * 2} entries`);
  // All checkpoints together would be 16 MB to read and detoast.
  t.true(ms < 1_000);
});

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
