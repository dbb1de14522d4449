import type { Kysely } from 'kysely';
import type { Database, RemovedThing } from '../../shared/db/tables.ts';

/** What every attempt to destroy an application has deleted so far, as its events say: an attempt goes on where another was cut off. */
export async function readRemoved(db: Kysely<Database>, appId: string): Promise<RemovedThing[]> {
  return db
    .selectFrom('operation_events as e')
    .innerJoin('operations as o', 'o.id', 'e.operation_id')
    .where('o.application_id', '=', appId)
    .where('o.kind', '=', 'destroy')
    .where('e.change', '=', 'deleted')
    .where('e.status', '=', 'done')
    .select(['e.resource_type as kind', 'e.resource_name as name'])
    .distinct()
    .orderBy('kind')
    .orderBy('name')
    .execute();
}
