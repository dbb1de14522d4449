import type { Redis } from 'ioredis';
import type { Executor } from '../shared/db/tables.ts';
import { loadRoute, publishRoute, removeRoute } from '../shared/routes/route-store.ts';

/** Makes the route in Redis what the application's row says: published, or removed once the application is deleted. Idempotent. */
export async function syncRoute({ db, redis }: { db: Executor; redis: Redis }, appId: string): Promise<void> {
  const route = await loadRoute(db, appId);
  await (route === null ? removeRoute(redis, appId) : publishRoute(redis, route));
}
