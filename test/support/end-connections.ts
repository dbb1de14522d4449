import { setTimeout as pause } from 'node:timers/promises';
import { withPostgres } from './postgres-client.ts';
import { redisClient } from './redis-client.ts';

/**
 * Ends the connections of the processes under test to a database; those of tests are called `test`. Returns how many there were.
 *
 * @param user whose connections, if not everyone's: other tests use the databases that are part of every server
 */
export async function endPostgresConnections(databaseUrl: string, user: string | null = null): Promise<number> {
  return withPostgres(databaseUrl, async (admin) => {
    const { rows } = await admin.query<{ ended: string }>(
      `select count(*) filter (where pg_terminate_backend(pid)) as ended from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and application_name <> 'test'
         and ($1::text is null or usename = $1)`,
      [user],
    );
    return Number(rows[0]?.ended);
  });
}

/** Ends every connection to this logical database of Redis, subscriptions too. Returns how many there were. */
export async function endRedisConnections(redisUrl: string): Promise<number> {
  const admin = redisClient(redisUrl);
  try {
    const [own, list] = await Promise.all([admin.client('ID'), admin.call('CLIENT', 'LIST')]);
    const database = new URL(redisUrl).pathname.slice(1) || '0';
    const ids = [...String(list).matchAll(/^id=(\d+) .*? db=(\d+) /gm)]
      .filter(([, id, db]) => db === database && id !== String(own))
      .map(([, id]) => String(id));
    for (const id of ids) await admin.client('KILL', 'ID', id);
    return ids.length;
  } finally {
    admin.disconnect();
  }
}

/** Does something again and again while `work` lasts, and at least once after its beginning. */
export async function during<T>(work: Promise<T>, act: () => Promise<unknown>, everyMs = 30): Promise<T> {
  let over = false;
  const acting = (async () => {
    do {
      await act();
      await pause(everyMs);
    } while (!over);
  })();
  try {
    return await work;
  } finally {
    over = true;
    await acting;
  }
}
