import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import type { Admitted, Buckets, GuessStore, Refused } from './guess-store.ts';
import { createMemoryGuessStore } from './memory-guess-store.ts';
import { createRedisGuessStore } from './redis-guess-store.ts';

interface FallbackGuessStoreOptions {
  /** Undefined: all is kept in the process. */
  redis?: Redis | undefined;
  log: Log;
}

/** A command takes less than 1 ms, and 2 s only where the server hangs or the machine is overloaded. */
const redisTimeoutMs = 2_000;

/**
 * Counts in Redis, and in this process while Redis does not answer: an outage must neither lock people out nor let attackers in. What Redis
 * counts for this process is counted here too, so that an attacker has no new free tries when it goes away.
 */
export function createFallbackGuessStore({ redis, log }: FallbackGuessStoreOptions): GuessStore {
  const memory = createMemoryGuessStore();
  if (!redis) return memory;
  const shared = createRedisGuessStore(redis);
  const onlyHere = new WeakSet<Admitted>();
  /** Reservation in Redis → the one here, or null where this process would have refused. */
  const shadows = new WeakMap<Admitted, Admitted | null>();

  async function reserveInRedis(buckets: Buckets, now: number): Promise<Admitted | Refused | undefined> {
    // A command would wait for the connection.
    if (redis?.status !== 'ready') return undefined;
    try {
      return await within(redisTimeoutMs, shared.reserve(buckets, now));
    } catch (err) {
      log.warn({ err }, 'Guesses could not be counted in Redis, this process counts them');
      return undefined;
    }
  }

  return {
    async reserve(buckets, now) {
      const inRedis = await reserveInRedis(buckets, now);
      if (inRedis && !inRedis.admitted) return inRedis;
      const here = await memory.reserve(buckets, now);
      if (inRedis) shadows.set(inRedis, here.admitted ? here : null);
      else if (here.admitted) onlyHere.add(here);
      return inRedis ?? here;
    },

    async settle(buckets, reservation, outcome, now) {
      const here = shadows.get(reservation);
      if (here !== null) await memory.settle(buckets, here ?? reservation, outcome, now);
      if (onlyHere.has(reservation)) return;
      try {
        if (redis.status === 'ready') await within(redisTimeoutMs, shared.settle(buckets, reservation, outcome, now));
      } catch (err) {
        // It stays counted as a failure until it is forgotten.
        log.warn({ err }, 'A guess could not be settled in Redis');
      }
    },
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const refuse = (): void => reject(new Error(`Redis did not answer within ${ms} ms`));
  // An answer that arrived while this thread was busy is read before setImmediate's turn.
  const timer = setTimeout(() => setImmediate(refuse), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
