import { getMigrations } from 'better-auth/db/migration';
import { sql } from 'kysely';
import type { Log } from '../shared/log.ts';
import type { AuthDatabase } from './auth/auth-database.ts';
import { authOptions } from './auth/create-auth.ts';
import type { AuthSettings } from './auth/create-auth.ts';

export interface MigrateOptions {
  database: AuthDatabase;
  settings: AuthSettings;
  log: Log;
}

/** Any constant of our own; the database belongs to this tenant alone. */
const lockKey = 7_310_251;

/**
 * Brings the tenant's schema to what better-auth's options ask for: it only adds. Replicas that start together wait for one another; the
 * later ones find nothing to do. All in one transaction, so that a crash leaves the schema as it was.
 *
 * @returns the tables that were created or extended
 */
export async function migrateAuth({ database, settings, log }: MigrateOptions): Promise<string[]> {
  return database.transaction().execute(async (transaction) => {
    await sql`set local statement_timeout = 0`.execute(transaction);
    await sql`select pg_advisory_xact_lock(${lockKey})`.execute(transaction);
    const options = authOptions({ database: transaction, cache: noCache, settings, log });
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(options);
    await runMigrations();
    const changed = [...toBeCreated, ...toBeAdded].map(({ table }) => table);
    log.info({ changed }, 'Schema is up to date');
    return changed;
  });
}

/** The schema depends on there being a secondary storage, never on its content. */
const noCache = { get: () => null, getAndDelete: () => null, set: () => undefined, delete: () => undefined, increment: () => 1 };
