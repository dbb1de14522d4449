import { sql } from 'kysely';
import type { Executor } from '../../shared/db/tables.ts';

export interface RouteRevision {
  id: string;
  revision: number;
}

/** Applications whose newest revision is not known to have reached Redis. */
export function listUnpublishedRoutes(db: Executor, limit: number): Promise<RouteRevision[]> {
  return db
    .selectFrom('applications')
    .where('revision', '>', sql.ref<number>('published_revision'))
    .orderBy('id')
    .limit(limit)
    .select(['id', 'revision'])
    .execute();
}

export function findRouteRevision(db: Executor, applicationId: string): Promise<RouteRevision | undefined> {
  return db.selectFrom('applications').where('id', '=', applicationId).select(['id', 'revision']).executeTakeFirst();
}

/** Notes what has reached Redis; an older note never replaces a newer one. */
export async function markRoutePublished(db: Executor, { id, revision }: RouteRevision): Promise<void> {
  await db
    .updateTable('applications')
    .set({ published_revision: revision })
    .where('id', '=', id)
    .where('published_revision', '<', revision)
    .execute();
}
