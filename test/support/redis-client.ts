import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

/** A test's server answers in milliseconds; one that says nothing must not hold a suite. */
const bounds = { connectTimeout: 10_000, commandTimeout: 30_000 };

/** A client of a test, which outlives its server: a test that stops one must not fail by an error that nothing listens to. */
export function redisClient(url: string, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, { ...bounds, ...options });
  redis.on('error', () => undefined);
  return redis;
}
