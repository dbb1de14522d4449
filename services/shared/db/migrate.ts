import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { Log } from '../log.ts';
import { libpqCompatible } from './libpq-compatible.ts';
import { createClient } from './postgres-connections.ts';

interface Migration {
  version: number;
  name: string;
  sql: string;
  checksum: string;
}

/** Any fixed number, the same in every process that migrates a control database. */
const advisoryLock = 4_718_220_001;

const connectTimeoutMs = 10_000;
/** For one file, such as a new index on the largest table, and for another migrator to finish. */
const queryTimeoutMs = 600_000;

/** Beside this file in the repository; in an image beside the bundle, which import.meta.url then names. */
const defaultDirectory = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * Brings a control database to this code's schema: numbered SQL files, each in its own transaction, forward only, one migrator at a time.
 *
 * @param directory where the files are, if not in `migrations` beside this file (or the bundle that it is part of)
 * @throws Error where the database is newer than this code, or an applied file was edited
 */
export async function migrate(connectionUrl: string, log: Log, directory: string = defaultDirectory): Promise<void> {
  const migrations = await readMigrations(directory);
  const client = createClient({
    connectionString: libpqCompatible(connectionUrl),
    application_name: 'authsome-migrate',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
    await client.query(
      'create table if not exists schema_migrations (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
      'select version, name, checksum from schema_migrations',
    );
    refuseForeignHistory(migrations, rows);
    const applied = new Set(rows.map(({ version }) => version));
    for (const migration of migrations.filter(({ version }) => !applied.has(version))) {
      await applyMigration(client, migration);
      log.info({ version: migration.version, migration: migration.name }, 'Migration applied');
    }
  } finally {
    // Ending the connection releases the lock too.
    await client.end();
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  if (names.length === 0) throw new Error('There are no migrations in the migrations directory');
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(path.join(directory, name), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

function refuseForeignHistory(migrations: Migration[], applied: { version: number; name: string; checksum: string }[]): void {
  for (const { version, name, checksum } of applied) {
    const known = migrations.find((migration) => migration.version === version);
    if (!known) throw new Error(`The database has migration ${name}, which this version does not know: it was migrated by a newer version`);
    if (known.checksum !== checksum) throw new Error(`Migration ${name} was edited after it had been applied; add a new one instead`);
  }
}

async function applyMigration(client: pg.Client, { version, name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [version, name, checksum]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new Error(`Migration ${name} failed`, { cause });
  }
}
