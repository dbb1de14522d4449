import { Kysely, PostgresDialect } from 'kysely';
import type { LogEvent } from 'kysely';
import pg from 'pg';
import { libpqCompatible } from './libpq-compatible.ts';
import { createPool } from './postgres-connections.ts';
import type { Database } from './tables.ts';

interface DatabaseOptions {
  url: string;
  /** Connections this process may hold; a queue forms beyond it. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Where an idle connection's fault goes; the pool replaces the connection by itself. */
  onError?: (err: Error) => void;
  /** No query of the request path is near the default (15 s); it bounds what a lock or a lost server can hold. */
  statementTimeoutMs?: number;
  /** Hears of each statement, as tracing.ts does. */
  onQuery?: ((event: LogEvent) => void) | undefined;
}

const connectTimeoutMs = 5_000;
const defaultStatementTimeoutMs = 15_000;
/** For the server's own timeout to be reported before the client stops waiting. */
const networkMarginMs = 2_000;

/** A Kysely over its own pool; `destroy()` closes it. Connections are opened on first use. */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  const { url, poolSize, applicationName, onError, statementTimeoutMs = defaultStatementTimeoutMs, onQuery } = options;
  const config = {
    connectionString: libpqCompatible(url),
    max: poolSize,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + networkMarginMs,
    types: { getTypeParser },
  };
  const pool = createPool(config, onError);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }), ...(onQuery === undefined ? {} : { log: onQuery }) });
}

// Revisions, fencing tokens and counts are bigint in SQL and far below 2^53.
const int8: number = pg.types.builtins.INT8;
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  oid === int8 ? Number : (pg.types.getTypeParser(oid, format as 'text') as never);
