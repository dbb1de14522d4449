import type { Redis } from 'ioredis';
import { serviceUrl } from './service-url.ts';
import { redisDatabases } from './start-redis.ts';
import { redisClient } from './redis-client.ts';

export interface TestRedis {
  url: string;
  redis: Redis;
  close(): Promise<void>;
}

/**
 * A logical Redis database for one test file. Channels of publish/subscribe are shared by all databases of a server: a subscriber must look
 * for its own application ids.
 */
export async function createTestRedis(): Promise<TestRedis> {
  const base = serviceUrl('TEST_REDIS_URL');
  const counter = redisClient(base);
  const number = await counter.incr('test-databases');
  await counter.quit();

  const url = `${base}/${1 + ((number - 1) % (redisDatabases - 1))}`;
  const redis = redisClient(url);
  await redis.flushdb();
  return { url, redis, close: async () => void (await redis.quit()) };
}
