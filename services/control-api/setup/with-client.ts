import type pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';
import { createClient } from '../../shared/db/postgres-connections.ts';

const connectTimeoutMs = 10_000;
/** Another set-up may hold the lock for as long as its migrations take. */
const queryTimeoutMs = 600_000;

/** A connection of the set-up for as long as `use` takes; its end ends what it holds, such as locks, too. */
export async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = createClient({
    connectionString: libpqCompatible(url),
    application_name: 'authsome-setup',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
