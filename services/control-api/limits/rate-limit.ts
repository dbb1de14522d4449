import type { Redis } from 'ioredis';
import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

export interface RateLimit {
  /** Counts one request. @throws AppError rate_limit_exceeded */
  count(subject: string): Promise<void>;
}

interface RateLimitOptions {
  redis: Redis;
  log: Log;
  /** Part of the key: limits with different names are counted apart. */
  name: string;
  limit: number;
  windowSeconds: number;
}

// One round trip, and no counter without an expiry.
const countScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('TTL', KEYS[1]) }`;

/**
 * A fixed window counted in Redis, for all replicas together. Without Redis requests pass: an outage of the cache must not lock owners
 * out.
 */
export function createRateLimit({ redis, log, name, limit, windowSeconds }: RateLimitOptions): RateLimit {
  return {
    async count(subject) {
      const [count, secondsLeft] = await readCount(subject);
      if (count > limit) throw appErrors.rateLimited(secondsLeft);
    },
  };

  async function readCount(subject: string): Promise<[number, number]> {
    try {
      return (await redis.eval(countScript, 1, `limit:${name}:${subject}`, windowSeconds)) as [number, number];
    } catch (err) {
      log.warn({ err, limit: name }, 'Rate limit not counted');
      return [0, 0];
    }
  }
}
