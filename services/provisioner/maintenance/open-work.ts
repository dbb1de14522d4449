import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

/** Whether a worker is at an application, named by a column that holds its id. */
export function isWorkedOn(column: string): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from operations o where o.application_id = ${sql.ref(column)} and o.status = 'running')`;
}

/** Whether an application, named by a column that holds its id, has a job that is not done. */
export function hasOpenJob(column: string): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from jobs j where j.application_id = ${sql.ref(column)} and j.status in ('queued', 'running'))`;
}
