import { sql } from 'kysely';
import type { Executor } from '../../shared/db/tables.ts';
import { routeFormat } from '../../shared/routes/route.ts';

export interface RouteRevision {
  id: string;
  revision: number;
}

// As a literal: the index applies to this number only.
const outdated = sql<boolean>`published_format < ${sql.lit(routeFormat)}`;

/** Applications whose newest revision is not known to have reached Redis, with all fields that this code knows. */
export function listUnpublishedRoutes(db: Executor, limit: number): Promise<RouteRevision[]> {
  return db
    .selectFrom('applications')
    .where((eb) => eb.or([eb('revision', '>', sql.ref<number>('published_revision')), outdated]))
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
    .set({ published_revision: revision, published_format: routeFormat })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('published_revision', '<', revision), eb.and([eb('published_revision', '=', revision), outdated])]))
    .execute();
}
