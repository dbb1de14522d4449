import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { createDatabase } from '../../services/shared/db/database.ts';
import type { Database } from '../../services/shared/db/tables.ts';
import { migrate } from '../../services/shared/db/migrate.ts';
import { createLog } from '../../services/shared/log.ts';
import { serviceUrl } from './service-url.ts';
import { postgresClient } from './postgres-client.ts';

export interface TestDatabase {
  /** As superuser; the database is this test file's own. */
  url: string;
  db: Kysely<Database>;
  /** Closes `db` and drops the database. */
  drop(): Promise<void>;
}

const migrationsDirectory = new URL('../../services/shared/db/migrations/', import.meta.url);
/** Serialises the making of the template between test processes. */
const templateLock = 918_273_001;

/** A migrated control database for one test file, cloned from a template (a clone takes about 50 ms; migrating anew takes longer each month). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withAdmin(async (admin) => {
    const template = await ensureTemplate(admin);
    await admin.query(`create database ${name} template ${template}`);
  });
  const url = databaseUrl(name);
  const db = createDatabase({ url, poolSize: 10, applicationName: 'test' });
  return {
    url,
    db,
    drop: async () => {
      await db.destroy();
      await withAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** The superuser's URL of another database on the test server. */
export function databaseUrl(name: string): string {
  const url = new URL(serviceUrl('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return url.href;
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const template = `template_${migrationsHash()}`;
  await admin.query('select pg_advisory_lock($1)', [templateLock]);
  try {
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [template]);
    if (rowCount === 0) {
      // Renamed when it is complete, so that a run that dies here leaves nothing that looks like a template.
      const draft = `draft_${randomBytes(8).toString('hex')}`;
      await admin.query(`create database ${draft}`);
      await migrate(databaseUrl(draft), createLog({ name: 'test', level: 'silent' }));
      await admin.query(`alter database ${draft} rename to ${template}`);
    }
    return template;
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock]);
  }
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(migrationsDirectory).sort()) hash.update(name).update(readFileSync(new URL(name, migrationsDirectory)));
  return hash.digest('hex').slice(0, 16);
}

async function withAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = postgresClient({ connectionString: serviceUrl('TEST_DATABASE_URL') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
