import { LRUCache } from 'lru-cache';
import { appErrors } from '../../services/shared/errors.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Route } from '../../services/shared/routes/route.ts';
import type { ResolvedRoute } from './resolved-route.ts';
import type { RouteSource } from './route-source.ts';

export interface RouteCache {
  /**
   * @returns null where the application is unknown or deleted
   * @throws service_unavailable where no store answers and the route was not known before
   */
  get(appId: string): Promise<ResolvedRoute | null>;
  /** Whether the application was heard of lately, as one that exists or as one that doesn't; others cost a look into the stores. */
  knows(appId: string): boolean;
  /** The route has changed: nothing that is known of it counts any more, a load under way included. */
  invalidate(appId: string): void;
  /** Changes may have been missed: everything is loaded anew. What was known still serves where no store answers. */
  flush(): void;
  /** Whether changes are being pushed to us; without, entries live for a moment only. */
  setPushed(pushed: boolean): void;
}

interface RouteCacheOptions {
  source: RouteSource;
  resolve: (route: Route) => ResolvedRoute;
  /** Milliseconds. */
  now: () => number;
  log: Log;
  limits?: Partial<typeof defaultLimits>;
}

interface Entry {
  resolved: ResolvedRoute | null;
  expiresAt: number;
}

const defaultLimits = {
  maxRoutes: 20_000,
  /** A safety net below the pushed invalidations, for the one that is lost without the connection dropping. */
  ttlMs: 60_000,
  /** While nothing is pushed: how long a suspension or a revoked key may go unseen. */
  unpushedTtlMs: 2_000,
  /** Bounded apart from the routes, so that guessed ids can't push them out. */
  maxUnknown: 10_000,
  unknownTtlMs: 3_000,
  /** Last-known-good routes are asked for again this soon. */
  staleTtlMs: 1_000,
  /** Loads at once; beyond, somebody is guessing ids faster than the stores can answer. */
  maxLoads: 500,
};

/** Routes in process: one load a route at a time, pushed invalidation, and last-known-good routes when Redis and PostgreSQL are both down. */
export function createRouteCache({ source, resolve, now, log, limits }: RouteCacheOptions): RouteCache {
  const { maxRoutes, ttlMs, unpushedTtlMs, maxUnknown, unknownTtlMs, staleTtlMs, maxLoads } = { ...defaultLimits, ...limits };
  const routes = new LRUCache<string, Entry>({ max: maxRoutes });
  const unknown = new LRUCache<string, Entry>({ max: maxUnknown });
  const lastGood = new LRUCache<string, ResolvedRoute>({ max: maxRoutes });
  const loads = new Map<string, Promise<ResolvedRoute | null>>();
  let pushed = false;

  async function load(appId: string): Promise<{ resolved: ResolvedRoute | null; stale: boolean }> {
    const known = lastGood.get(appId);
    const [fromRedis, redisError] = await attempt(source.readRedis(appId));
    // A Redis that came back from an old snapshot may hold what has been replaced since.
    const current = fromRedis && fromRedis.revision >= (known?.route.revision ?? 0);
    if (current) return { resolved: resolve(fromRedis), stale: false };

    const [fromDatabase, databaseError] = await attempt(source.readDatabase(appId));
    if (databaseError === undefined) return { resolved: fromDatabase && resolve(fromDatabase), stale: false };

    log.error({ err: databaseError, redisErr: redisError, appId, known: known !== undefined }, 'Route could not be loaded');
    if (known) return { resolved: known, stale: true };
    throw appErrors.unavailable('maintenance');
  }

  async function loadOnce(appId: string): Promise<ResolvedRoute | null> {
    const running = loads.get(appId);
    if (running) return running;
    if (loads.size >= maxLoads) {
      const known = lastGood.get(appId);
      if (known) return known;
      throw appErrors.unavailable('maintenance');
    }

    const started = load(appId).then(({ resolved, stale }) => {
      // Invalidated meanwhile: this answer may be from before the change. Those who waited get it, nobody later.
      if (loads.get(appId) === started) remember(appId, resolved, stale);
      return resolved;
    });
    loads.set(appId, started);
    try {
      return await started;
    } finally {
      if (loads.get(appId) === started) loads.delete(appId);
    }
  }

  function remember(appId: string, resolved: ResolvedRoute | null, stale: boolean): void {
    if (resolved === null) {
      lastGood.delete(appId);
      unknown.set(appId, { resolved, expiresAt: now() + unknownTtlMs });
      return;
    }
    if (!stale) lastGood.set(appId, resolved);
    routes.set(appId, { resolved, expiresAt: now() + (stale ? staleTtlMs : pushed ? ttlMs : unpushedTtlMs) });
  }

  return {
    async get(appId) {
      const entry = routes.get(appId) ?? unknown.get(appId);
      return entry && entry.expiresAt > now() ? entry.resolved : loadOnce(appId);
    },
    knows: (appId) => routes.has(appId) || lastGood.has(appId) || loads.has(appId) || (unknown.get(appId)?.expiresAt ?? 0) > now(),
    invalidate(appId) {
      routes.delete(appId);
      unknown.delete(appId);
      lastGood.delete(appId);
      loads.delete(appId);
    },
    flush() {
      routes.clear();
      unknown.clear();
      loads.clear();
    },
    setPushed(value) {
      pushed = value;
    },
  };
}

async function attempt<T>(work: Promise<T>): Promise<[T, undefined] | [null, unknown]> {
  try {
    return [await work, undefined];
  } catch (err) {
    return [null, err ?? new Error('unknown')];
  }
}
