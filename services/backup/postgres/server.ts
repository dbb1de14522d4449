import type pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';
import { createClient as createBoundedClient } from '../../shared/db/postgres-connections.ts';

const connectTimeoutMs = 10_000;

/** The same server and login, another database. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** A connection for as long as `use` takes. sslmode means what PostgreSQL's own clients mean by it, as pg_dump is given the same URL. */
export async function withClient<T>(
  url: string,
  use: (client: pg.Client) => Promise<T>,
  { statementTimeoutMs = 60_000 }: { statementTimeoutMs?: number } = {},
): Promise<T> {
  const client = createClient(url, statementTimeoutMs);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function createClient(url: string, statementTimeoutMs: number): pg.Client {
  return createBoundedClient({
    connectionString: libpqCompatible(url),
    application_name: 'authsome-backup',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + connectTimeoutMs,
  });
}

/** For PostgreSQL's own programs: what is on a command line, every process can read. */
export function serverEnvironment(text: string): Record<string, string> {
  const url = new URL(text);
  const sslRootCert = url.searchParams.get('sslrootcert');
  return {
    PGHOST: url.hostname,
    PGPORT: url.port === '' ? '5432' : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: databaseOf(text),
    PGSSLMODE: url.searchParams.get('sslmode') ?? 'prefer',
    ...(sslRootCert === null ? {} : { PGSSLROOTCERT: sslRootCert }),
    PGCONNECT_TIMEOUT: String(connectTimeoutMs / 1000),
    PGAPPNAME: 'authsome-backup',
  };
}
