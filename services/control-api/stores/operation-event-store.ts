import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';

/** A place in an operation's events: they are ordered by attempt, and in it by number. */
export interface EventCursor {
  /** Fencing token of the attempt; 0 is before the first. */
  attempt: number;
  sequence: number;
}

/** One step of the engine on one resource. */
export interface EventRow {
  /** The attempt. */
  operation_id: string;
  attempt: number;
  sequence: number;
  /** As JSON has times. */
  at: string;
  change: string;
  resource_type: string;
  resource_name: string;
  status: 'started' | 'done' | 'failed';
}

/** Of one operation in one query: a viewer who comes late gets the others with the next ones. */
export const eventBatchSize = 200;

/** What has happened in each of these operations since its cursor, the oldest first, in one query; at most a batch for each. */
export async function listEventsSince(
  db: Kysely<Database>,
  cursors: readonly ({ operationId: string } & EventCursor)[],
): Promise<EventRow[][]> {
  const wanted = JSON.stringify(cursors.map((cursor, index) => ({ index, ...cursor })));
  const { rows } = await sql<EventRow & { index: number }>`
    select c.index, e.operation_id, e.attempt, e.sequence, to_json(e.at) as at, e.change, e.resource_type, e.resource_name, e.status
    from json_to_recordset(${wanted}::json) as c (index integer, "operationId" text, attempt bigint, sequence integer)
    cross join lateral (
      select o.fencing_token as attempt, e.* from operations o join operation_events e on e.operation_id = o.id
      where o.job_id = c."operationId"
        and o.fencing_token >= c.attempt
        and e.sequence > case when o.fencing_token = c.attempt then c.sequence else 0 end
      order by o.fencing_token, e.sequence
      limit ${eventBatchSize}
    ) e
    order by c.index, e.attempt, e.sequence`.execute(db);
  const found: EventRow[][] = cursors.map(() => []);
  for (const { index, ...row } of rows) found[index]?.push(row);
  return found;
}
