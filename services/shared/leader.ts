import { setTimeout as delay } from 'node:timers/promises';
import { libpqCompatible } from './db/libpq-compatible.ts';
import { createClient } from './db/postgres-connections.ts';
import type { Log } from './log.ts';

export interface LeaderOptions {
  /** Of a database that all replicas use. */
  url: string;
  /** What is led: one leader for each name. */
  name: string;
  log: Log;
  /** Between two attempts to become the leader, and between two checks that the connection lives. */
  intervalMs?: number;
  /** Told when this process begins to lead, and when it no longer does. */
  onChange?: (leading: boolean) => void;
}

const defaultIntervalMs = 3_000;
const connectTimeoutMs = 5_000;
/** A check that takes longer has lost its server. */
const checkTimeoutMs = 5_000;

/**
 * Runs `lead` in one process at a time: the one that holds a session's advisory lock. The database releases it when the connection ends, so a
 * leader that dies is replaced within the interval; one that loses its connection is told by its signal, and has to stop before it can be
 * sure that it is alone again: what `lead` writes must be safe to be done twice.
 *
 * @param lead returns when its signal aborts; where it returns or fails before, the leadership is given up, and sought again
 */
export async function runAsLeader(
  options: LeaderOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  stopping: AbortSignal,
): Promise<void> {
  const { name, log, intervalMs = defaultIntervalMs } = options;
  let failing = false;
  while (!stopping.aborted) {
    try {
      await leadOnce({ ...options, intervalMs }, lead, stopping);
      failing = false;
    } catch (err) {
      if (!stopping.aborted) log[failing ? 'debug' : 'warn']({ err, leads: name }, 'The election of a leader failed');
      failing = true;
    }
    await delay(intervalMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function leadOnce(
  { url, name, log, intervalMs, onChange = () => undefined }: LeaderOptions & { intervalMs: number },
  lead: (signal: AbortSignal) => Promise<void>,
  stopping: AbortSignal,
): Promise<void> {
  const client = createClient({
    connectionString: libpqCompatible(url),
    application_name: `authsome-leader-${name}`,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: checkTimeoutMs,
  });
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  await client.connect();
  try {
    const { rows } = await client.query<{ leads: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as leads', [name]);
    if (rows[0]?.leads !== true) return;
    log.info({ leads: name }, 'This process leads now');
    onChange(true);
    const over = AbortSignal.any([lost.signal, stopping]);
    // Whatever ends it: that it returns or fails must not be missed while the connection is checked.
    const leading = lead(over).finally(() => lost.abort());
    leading.catch(() => undefined);
    while (!over.aborted) {
      await delay(intervalMs, undefined, { signal: over }).catch(() => undefined);
      if (!over.aborted) await client.query('select 1').catch(() => lost.abort());
    }
    await leading;
    log.info({ leads: name }, 'This process leads no longer');
  } finally {
    onChange(false);
    lost.abort();
    // A server that does not answer must not keep this process from going on; the lock ends with the connection, whenever that is.
    await Promise.race([client.end().catch(() => undefined), delay(checkTimeoutMs, undefined, { ref: false })]);
  }
}
