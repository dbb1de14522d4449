import type pg from 'pg';
import { administer, administratorOptions, createAdministratorClient } from '../../shared/db/administrator-connection.ts';
import type { AdministratorConfig } from '../../shared/db/administrator-connection.ts';

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

/**
 * A connection for as long as `use` takes, to one of the platform's own databases, whose tables have to be named with their schema. sslmode means
 * what PostgreSQL's own clients mean by it, as pg_dump is given the same URL.
 */
export function withClient<T>(
  url: string,
  use: (client: pg.Client) => Promise<T>,
  { statementTimeoutMs = 60_000 }: { statementTimeoutMs?: number } = {},
): Promise<T> {
  return administer(configOf(url, statementTimeoutMs), use);
}

export function createClient(url: string, statementTimeoutMs: number): pg.Client {
  return createAdministratorClient(configOf(url, statementTimeoutMs));
}

function configOf(url: string, statementTimeoutMs: number): AdministratorConfig {
  return {
    connectionString: url,
    application_name: 'authsome-backup',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
  };
}

/**
 * For PostgreSQL's own programs, which are the only ones to enter a tenant's database: what is on a command line, every process can read.
 *
 * @param readOnly nothing can be changed, whatever would be run there
 */
export function serverEnvironment(text: string, { readOnly = false }: { readOnly?: boolean } = {}): Record<string, string> {
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
    // The last one counts.
    PGOPTIONS: readOnly ? `${administratorOptions} -c default_transaction_read_only=on` : administratorOptions,
  };
}
