import type pg from 'pg';
import { libpqCompatible } from './libpq-compatible.ts';
import { createClient, createPool } from './postgres-connections.ts';

/** A server, and a login on it that may do more than the owners of the databases there. */
export type AdministratorConfig = Pick<
  pg.ClientConfig,
  'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'statement_timeout' | 'connectionTimeoutMillis'
> & {
  application_name: string;
  /** Instead of the parts. */
  connectionString?: string;
  /** Time to wait for a lock, which an owner could hold. In milliseconds. */
  lock_timeout?: number;
};

/**
 * What holds from a session's first statement on. The owner of a database may change each of these for all who connect to it (`alter database …
 * set`), and what a client asks for at its start is the only thing that comes before: names mean pg_catalog's own functions and operators, a
 * literal is what it looks like, the session is the login's and may write, and no policy's expression runs.
 * toolchain/plugins/postgresql/with-connection.ts has the same.
 */
export const administratorSettings = [
  'search_path=pg_catalog,pg_temp',
  'role=none',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
  'transform_null_equals=off',
  'row_security=off',
] as const;

/** The settings as PostgreSQL's clients take them, in a connection's `options` or in PGOPTIONS. */
export const administratorOptions = administratorSettings.map((setting) => `-c ${setting}`).join(' ');

const defaultConnectTimeoutMs = 10_000;
const defaultStatementTimeoutMs = 60_000;
const defaultLockTimeoutMs = 30_000;
/** An administrator that stops in the middle of a transaction must not hold its locks. */
const idleInTransactionTimeoutMs = 60_000;

/**
 * Runs `use` with an administrator's connection to a server on which tenants own databases, and closes it. This, the client and the pool below are
 * the only ways there: never to a database that a tenant owns, in which everything may be the tenant's, but to one of the platform's own.
 *
 * @throws Error for a tenant's database
 */
export async function administer<T>(config: AdministratorConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = createAdministratorClient(config);
  try {
    await client.connect();
    // A pooler between the two may have dropped the options.
    await client.query(`select pg_catalog.set_config('search_path'::pg_catalog.text, 'pg_catalog, pg_temp'::pg_catalog.text, false)`);
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The connection alone, for one who holds it for longer. A loss fails the next statement; listen to `error` and `end` to hear of it at once. */
export function createAdministratorClient(config: AdministratorConfig): pg.Client {
  return createClient(clientConfig(config));
}

/** @param onError where an idle connection's loss goes; the pool replaces the connection */
export function createAdministratorPool(config: AdministratorConfig & { max: number }, onError: (error: Error) => void): pg.Pool {
  return createPool({ ...clientConfig(config), max: config.max }, onError);
}

const tenantDatabase = /^(?:restoring_|replaced_)?authsome_app_/;

function clientConfig({ connectionString, ...config }: AdministratorConfig): Parameters<typeof createClient>[0] {
  const statementTimeoutMs = Number(config.statement_timeout || defaultStatementTimeoutMs);
  const connectTimeoutMs = config.connectionTimeoutMillis ?? defaultConnectTimeoutMs;
  const database = connectionString === undefined ? config.database : decodeURIComponent(new URL(connectionString).pathname.slice(1));
  if (typeof database !== 'string' || database === '') throw new Error("an administrator's connection must name its database");
  if (tenantDatabase.test(database)) throw new Error(`${database} is a tenant's: no administrator runs a statement in it`);
  return {
    ...config,
    ...(connectionString !== undefined && { connectionString: withoutOptions(connectionString) }),
    options: administratorOptions,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + connectTimeoutMs,
    lock_timeout: config.lock_timeout ?? defaultLockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
  };
}

/** What a URL says comes before what is beside it. */
function withoutOptions(text: string): string {
  const url = new URL(libpqCompatible(text));
  url.searchParams.delete('options');
  return url.href;
}
