import type pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';
import { createClient } from '../../shared/db/postgres-connections.ts';

const connectTimeoutMs = 10_000;
/** A grant waits for a lock that a query of a running service may hold. */
const statementTimeoutMs = 60_000;

/** A connection as the owner of one of the platform's own databases, for as long as `use` takes. */
export async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = createClient({
    connectionString: libpqCompatible(url),
    application_name: 'authsome-setup',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + connectTimeoutMs,
  });
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
