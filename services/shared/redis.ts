import { Redis } from 'ioredis';
import type { Log } from './log.ts';

/** A command is tried on this many connections, then fails: callers have a fallback, and a request must not wait for ever. */
const retriesPerCommand = 2;
const connectTimeoutMs = 2_000;
const longestPauseMs = 2_000;

/** A Redis client that reconnects for ever and logs each outage once. */
export function createRedis(url: string, { log }: { log: Log }): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: retriesPerCommand,
    connectTimeout: connectTimeoutMs,
    retryStrategy: (times) => Math.min(times * 100, longestPauseMs),
  });
  let down = false;
  // Without a listener ioredis prints every failed attempt.
  redis.on('error', (err: Error) => {
    if (!down) log.warn({ err }, 'Redis connection lost');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info('Redis connection restored');
    down = false;
  });
  return redis;
}
