import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';

/** What people watch while it happens, and nobody reads a month later. The operations themselves stay. */
const keptDays = 30;
const batchSize = 5_000;

/** Deletes old events of operations and old sweeps, in portions. @returns whether there may be more */
export async function prune(db: Kysely<Database>): Promise<boolean> {
  const before = sql`now() - ${keptDays} * interval '1 day'`;
  const { numAffectedRows = 0n } = await sql`
    delete from operation_events where ctid = any (array(
      select e.ctid from operation_events e join operations o on o.id = e.operation_id where o.finished_at < ${before} limit ${batchSize}
    ))`.execute(db);
  await db
    .deleteFrom('sweeps')
    .where('created_at', '<', sql<Date>`${before}`)
    .execute();
  return numAffectedRows === BigInt(batchSize);
}
