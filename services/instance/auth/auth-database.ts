import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

/** The tables of better-auth's core schema that this service queries itself. better-auth owns the schema and its migrations. */
export interface AuthTables {
  user: {
    id: string;
    email: string;
    name: string;
    emailVerified: boolean;
    createdAt: Date;
    updatedAt: Date;
  };
}

export type AuthDatabase = Kysely<AuthTables>;

interface AuthDatabaseOptions {
  url: string;
  poolSize: number;
}

/** A pooled connection to the tenant's own database. A connection that can't be had within 5 s is an error, not a wait. */
export function createAuthDatabase({ url, poolSize }: AuthDatabaseOptions): AuthDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: 'authsome-instance',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 10_000,
    keepAlive: true,
  });
  // An idle connection that the server closes is replaced at the next query, which is where a lasting fault shows and is logged.
  pool.on('error', () => {});
  return new Kysely<AuthTables>({ dialect: new PostgresDialect({ pool }) });
}
