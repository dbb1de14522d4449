import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { loadRoute, publishRoute, removeRoute } from '../../shared/routes/route-store.ts';
import { findRouteRevision, listUnpublishedRoutes, markRoutePublished } from '../stores/route-revision-store.ts';
import type { RouteRevision } from '../stores/route-revision-store.ts';

interface RouteRelayOptions {
  db: Kysely<Database>;
  redis: Redis;
}

export interface RouteRelay {
  /** Publishes one application's route now. Rejects where Redis is away; publishAll() then finds it. */
  publish(applicationId: string): Promise<void>;
  /** Publishes a batch of the routes that are not known to have reached Redis, and answers whether there may be more. */
  publishAll(): Promise<boolean>;
}

const batchSize = 50;

/** Brings routes to Redis after a commit, and those that could not be brought then. Doubling is harmless: revisions order them. */
export function createRouteRelay({ db, redis }: RouteRelayOptions): RouteRelay {
  return {
    async publish(applicationId) {
      const pending = await findRouteRevision(db, applicationId);
      if (pending) await bringRoute(pending);
    },

    async publishAll() {
      const pending = await listUnpublishedRoutes(db, batchSize);
      for (const route of pending) await bringRoute(route);
      return pending.length === batchSize;
    },
  };

  // The revision was read first: the route is of that revision or a newer one, so the note never says too much.
  async function bringRoute({ id, revision }: RouteRevision): Promise<void> {
    const route = await loadRoute(db, id);
    await (route ? publishRoute(redis, route) : removeRoute(redis, id));
    await markRoutePublished(db, { id, revision });
  }
}
