import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';

/** What people watch while it happens, and nobody reads a month later. The operations themselves stay. */
const keptDays = 30;
const batchSize = 5_000;

/** Deletes old events of operations, old sweeps, and sessions and verifications that have expired, in portions. @returns whether there may be more */
export async function prune(db: Kysely<Database>): Promise<boolean> {
  const expired = await pruneExpired(db);
  const before = sql`now() - ${keptDays} * interval '1 day'`;
  const { numAffectedRows = 0n } = await sql`
    delete from operation_events where ctid = any (array(
      select e.ctid from operation_events e join operations o on o.id = e.operation_id where o.finished_at < ${before} limit ${batchSize}
    ))`.execute(db);
  await db
    .deleteFrom('sweeps')
    .where('created_at', '<', sql<Date>`${before}`)
    .execute();
  return expired || numAffectedRows === BigInt(batchSize);
}

/** Sessions hold people's addresses and programs, so they go as soon as they are of no more use. */
async function pruneExpired(db: Kysely<Database>): Promise<boolean> {
  let mayBeMore = false;
  for (const table of ['sessions', 'verifications']) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where expires_at < now() limit ${batchSize} for update skip locked
      ))`.execute(db);
    mayBeMore ||= numAffectedRows === BigInt(batchSize);
  }
  return mayBeMore;
}
