import type { Redis } from 'ioredis';

/** What Redis knows of applications that the restored database may know otherwise: routes, and notes that one was removed (shared/routes). */
const patterns = ['route:*', 'route-removed:*'];
const scanCount = 500;

/** Removes every route: the control API publishes them anew, and a route of before the restore may have a higher revision than its own. */
export async function forgetRoutes(redis: Redis): Promise<void> {
  for (const match of patterns) {
    for await (const keys of redis.scanStream({ match, count: scanCount }) as AsyncIterable<string[]>)
      if (keys.length > 0) await redis.unlink(...keys);
  }
}
