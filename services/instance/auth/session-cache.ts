import { createHash } from 'node:crypto';
import type { SecondaryStorage } from 'better-auth';
import type { Redis } from 'ioredis';
import type { Log } from '../../shared/log.ts';

interface SessionCacheOptions {
  redis: Redis;
  log: Log;
}

export interface SessionCache extends SecondaryStorage {
  delete(key: string): Promise<void>;
  /** Changes what is there, and brings nothing back that was deleted meanwhile. */
  replace(key: string, value: string, ttlSeconds: number): Promise<void>;
}

const keyPrefix = 'auth:';
/** better-auth's key that ends all of a user's cached sessions, their id at its end. It outlives the user, so as to catch a late write. */
const revocationPrefix = 'revoked-sessions-before-';

/** Adds one and sets the time to live on creation only, in one step. */
const incrementScript = `
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n`;

/**
 * better-auth's secondary storage on the tenant's Redis, as a cache only: every session is in PostgreSQL too, so reads go on without Redis
 * and nobody is logged out when it is lost.
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
    get: (key) => read(() => redis.get(redisKey(key))),
    getAndDelete: (key) => read(() => redis.getdel(redisKey(key))),
    set: (key, value, ttlSeconds) =>
      change(() => (ttlSeconds ? redis.set(redisKey(key), value, 'EX', ttlSeconds) : redis.set(redisKey(key), value))),
    delete: (key) => change(() => redis.del(redisKey(key))),
    replace: (key, value, ttlSeconds) => change(() => redis.set(redisKey(key), value, 'EX', ttlSeconds, 'XX')),
    increment: async (key, ttlSeconds) => Number(await redis.eval(incrementScript, 1, redisKey(key), ttlSeconds)),
  };
}

/** A user who was erased must not be named by what remains. */
function redisKey(key: string): string {
  if (!key.startsWith(revocationPrefix)) return keyPrefix + key;
  return keyPrefix + revocationPrefix + createHash('sha256').update(key).digest('hex');
}
