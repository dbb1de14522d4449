import { setTimeout as delay } from 'node:timers/promises';
import { createClient, databaseUrl } from './postgres/server.ts';

/** Thrown where a backup or a restore is under way. */
export class LockTakenError extends Error {
  override readonly name = 'LockTakenError';
}

const lockName = 'authsome.backup';
const queryTimeoutMs = 10_000;
const checkIntervalMs = 5_000;

/**
 * Works while nobody else backs up or restores this platform. The lock belongs to a connection to the control server's database `postgres`,
 * which a restore does not replace; where that is lost, the signal tells, as somebody else may begin.
 *
 * @param serverUrl of the control server, whatever its database
 * @throws LockTakenError where somebody else has it
 */
export async function withLock<T>(serverUrl: string, work: (signal: AbortSignal) => Promise<T>, stopping: AbortSignal): Promise<T> {
  const client = createClient(databaseUrl(serverUrl, 'postgres'), queryTimeoutMs);
  const lost = new AbortController();
  const lose = (): void => lost.abort(new Error('The connection that holds the lock was lost'));
  client.on('error', lose);
  client.on('end', lose);
  await client.connect();
  const done = new AbortController();
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as taken', [lockName]);
    if (rows[0]?.taken !== true) throw new LockTakenError('A backup or a restore is under way');
    const watching = watch(() => client.query('select 1'), { until: done.signal, lose });
    const result = await work(AbortSignal.any([lost.signal, stopping]));
    done.abort();
    await watching;
    return result;
  } finally {
    done.abort();
    client.off('end', lose);
    // A server that does not answer must not hold the process; the lock ends with the connection, whenever that is.
    await Promise.race([client.end().catch(() => undefined), delay(queryTimeoutMs, undefined, { ref: false })]);
  }
}

/** A connection that died without a word is found out only by using it. */
async function watch(check: () => Promise<unknown>, { until, lose }: { until: AbortSignal; lose: () => void }): Promise<void> {
  while (!until.aborted) {
    await delay(checkIntervalMs, undefined, { signal: until }).catch(() => undefined);
    if (!until.aborted) await check().catch(lose);
  }
}
