import pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';

/** A connection of the set-up for as long as `use` takes; its end ends what it holds, such as locks, too. */
export async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: libpqCompatible(url), application_name: 'authsome-setup' });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
