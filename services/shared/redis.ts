import { Redis } from 'ioredis';
import type { Log } from './log.ts';

/** A command is tried on this many connections, then fails: callers have a fallback, and a request must not wait for ever. */
const retriesPerCommand = 2;
const connectTimeoutMs = 2_000;
/** Every command is one of milliseconds, so a server that says nothing for so long is lost: the connection is replaced. */
const silenceTimeoutMs = 2_000;
/** In all, with waiting for a connection. */
const commandTimeoutMs = 5_000;
const longestPauseMs = 2_000;

/** A Redis client that reconnects forever and logs each outage once. A command fails after 5 s at the latest, even if the server is silent. */
export function createRedis(url: string, { log }: { log: Log }): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: retriesPerCommand,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    commandTimeout: commandTimeoutMs,
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
