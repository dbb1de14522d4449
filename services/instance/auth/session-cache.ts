import type { Redis } from 'ioredis';
import type { Log } from '../../shared/log.ts';

interface SessionCacheOptions {
  redis: Redis;
  log: Log;
}

export interface SessionCache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Adds one to a counter, which ends this long after its first use. @throws where Redis can't be reached */
  increment(key: string, ttlSeconds: number): Promise<number>;
  /** Changes what is there, and brings nothing back that was deleted meanwhile. */
  replace(key: string, value: string, ttlSeconds: number): Promise<void>;
}

const keyPrefix = 'auth:';

/** Adds one and sets the time to live on creation only, in one step. */
const incrementScript = `
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n`;

/**
 * Copies of sessions in the tenant's Redis, under the hash of their token, as a cache only: every session is in PostgreSQL too, so reads go
 * on without Redis and nobody is logged out when it is lost. Counters for limits are here as well.
 *
 * A change that Redis misses (a sign-out while it can't be reached) would come back to life with it. So after any failed change nothing is
 * read from or written to Redis until it has been emptied. Other replicas may serve such an entry until then; a crash of this process in
 * the same outage leaves it until it expires.
 */
export function createSessionCache({ redis, log }: SessionCacheOptions): SessionCache {
  let missedChange = false;
  let emptying: Promise<void> | undefined;

  async function usable(): Promise<boolean> {
    if (redis.status !== 'ready') return false;
    if (!missedChange) return true;
    emptying ??= empty().finally(() => {
      emptying = undefined;
    });
    await emptying;
    return !missedChange;
  }

  async function empty(): Promise<void> {
    try {
      await redis.flushdb();
      missedChange = false;
      log.info('Session cache emptied after an outage');
    } catch (err) {
      log.warn({ err }, 'Session cache is still out of reach');
    }
  }

  async function read(command: () => Promise<string | null>): Promise<string | null> {
    if (!(await usable())) return null;
    try {
      return await command();
    } catch (err) {
      log.warn({ err }, 'Session cache read failed, PostgreSQL answers');
      return null;
    }
  }

  async function change(command: () => Promise<unknown>): Promise<void> {
    if (await usable()) {
      try {
        await command();
        return;
      } catch (err) {
        log.warn({ err }, 'Session cache change failed, the cache is set aside');
      }
    }
    missedChange = true;
  }

  return {
    get: (key) => read(() => redis.get(keyPrefix + key)),
    set: (key, value, ttlSeconds) => change(() => redis.set(keyPrefix + key, value, 'EX', ttlSeconds)),
    delete: (key) => change(() => redis.del(keyPrefix + key)),
    replace: (key, value, ttlSeconds) => change(() => redis.set(keyPrefix + key, value, 'EX', ttlSeconds, 'XX')),
    increment: async (key, ttlSeconds) => Number(await redis.eval(incrementScript, 1, keyPrefix + key, ttlSeconds)),
  };
}
