import test from 'ava';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import type { ExecutionContext } from 'ava';
import { migrate } from '../../../services/shared/db/migrate.ts';
import { createLog } from '../../../services/shared/log.ts';
import { serviceUrl } from '../../support/service-url.ts';
import { databaseUrl } from '../../support/test-database.ts';
import { postgresClient } from '../../support/postgres-client.ts';

const log = createLog({ name: 'test', level: 'silent' });
const one = { '0001_one.sql': 'create table one (id integer)' };
const two = { ...one, '0002_two.sql': 'create table two (id integer)' };

test('migrations run once each, in order, and again only the new ones', async (t) => {
  const url = await emptyDatabase(t);
  await migrate(url, log, directoryOf(t, one));
  await migrate(url, log, directoryOf(t, one));
  await migrate(url, log, directoryOf(t, two));
  t.deepEqual(await names(url), ['0001_one.sql', '0002_two.sql']);
});

test('many migrators at once run each migration once', async (t) => {
  const url = await emptyDatabase(t);
  await Promise.all(Array.from({ length: 5 }, () => migrate(url, log, directoryOf(t, two))));
  t.deepEqual(await names(url), ['0001_one.sql', '0002_two.sql']);
});

test('an older program refuses a newer database', async (t) => {
  const url = await emptyDatabase(t);
  await migrate(url, log, directoryOf(t, two));
  await t.throwsAsync(migrate(url, log, directoryOf(t, one)), { message: /0002_two.sql.*newer version/ });
});

test('an applied migration that was edited is refused', async (t) => {
  const url = await emptyDatabase(t);
  await migrate(url, log, directoryOf(t, one));
  await t.throwsAsync(migrate(url, log, directoryOf(t, { '0001_one.sql': 'create table other (id integer)' })), { message: /was edited/ });
});

test('a migration that fails leaves nothing of itself, and what came before it stays', async (t) => {
  const url = await emptyDatabase(t);
  const broken = { ...one, '0002_two.sql': 'create table two (id integer); select 1 / 0' };
  await t.throwsAsync(migrate(url, log, directoryOf(t, broken)), { message: /0002_two.sql failed/ });
  t.deepEqual(await names(url), ['0001_one.sql']);
  await migrate(url, log, directoryOf(t, two));
  t.deepEqual(await names(url), ['0001_one.sql', '0002_two.sql']);
});

test('a directory without migrations is an error, not an empty schema', async (t) => {
  await t.throwsAsync(migrate(await emptyDatabase(t), log, directoryOf(t, { 'README.md': '' })), { message: /no migrations/ });
});

function directoryOf(t: ExecutionContext, files: Record<string, string>): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'authsome-migrations-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) writeFileSync(path.join(directory, name), sql);
  return directory;
}

async function emptyDatabase(t: ExecutionContext): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await query(serviceUrl('TEST_DATABASE_URL'), `create database ${name}`);
  t.teardown(async () => void (await query(serviceUrl('TEST_DATABASE_URL'), `drop database ${name} with (force)`)));
  return databaseUrl(name);
}

async function names(url: string): Promise<string[]> {
  return (await query<{ name: string }>(url, 'select name from schema_migrations order by version')).map(({ name }) => name);
}

async function query<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = postgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
