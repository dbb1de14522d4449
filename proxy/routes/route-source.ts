import type { Redis } from 'ioredis';
import type { Executor } from '../../services/shared/db/tables.ts';
import type { Log } from '../../services/shared/log.ts';
import { loadRoute } from '../../services/shared/routes/route-store.ts';
import { routeKey, routeSchema } from '../../services/shared/routes/route.ts';
import type { Route } from '../../services/shared/routes/route.ts';

/** Where routes come from; each rejects where the store can't answer. */
export interface RouteSource {
  /** Null where Redis has no route, which says nothing about the application. */
  readRedis(appId: string): Promise<Route | null>;
  /** Null where the application is unknown or deleted. */
  readDatabase(appId: string): Promise<Route | null>;
}

/** Redis answers in well under a millisecond or not at all; the fallback is one query. */
const redisTimeoutMs = 500;
const databaseTimeoutMs = 3_000;

export function createRouteSource({ redis, db, log }: { redis: Redis; db: Executor; log: Log }): RouteSource {
  return {
    async readRedis(appId) {
      // Without this a command would wait for the reconnection.
      if (redis.status !== 'ready') throw new Error('Redis is not connected');
      const text = await withTimeout(redis.get(routeKey(appId)), redisTimeoutMs, 'Redis');
      if (text === null) return null;
      const parsed = routeSchema.safeParse(parseJson(text));
      if (parsed.success && parsed.data.appId === appId) return parsed.data;
      log.warn({ appId }, 'Route in Redis is not readable, PostgreSQL is asked');
      return null;
    },
    readDatabase: (appId) => withTimeout(loadRoute(db, appId), databaseTimeoutMs, 'PostgreSQL'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
