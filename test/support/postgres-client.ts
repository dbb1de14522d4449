import type pg from 'pg';
import { createClient, createPool } from '../../services/shared/db/postgres-connections.ts';

/** Nothing that tests ask for takes near as long on two busy cores; a server that says nothing must not hold a suite. */
const bounds = { application_name: 'test', connectionTimeoutMillis: 10_000, query_timeout: 60_000 };

/** A connection of a test, not yet open. The test's server may end it at any time, as one that drops a database does. */
export function postgresClient(config: pg.ClientConfig): pg.Client {
  return createClient({ ...bounds, ...config });
}

/** Connections of a test; see `postgresClient`. */
export function postgresPool(config: pg.PoolConfig): pg.Pool {
  return createPool({ ...bounds, ...config });
}

/** A connection for as long as `use` takes. */
export async function withPostgres<T>(connectionString: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = postgresClient({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
