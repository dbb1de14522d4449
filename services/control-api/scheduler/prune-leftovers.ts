import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';

/** Keys that can't be used any more are listed for so long. */
const revokedKeyDays = 90;
/** A change that a newer one replaced before any worker began with it. */
const supersededJobDays = 30;
const batchSize = 5_000;

/** Deletes old rows that one account can make without end, in portions. @returns whether there may be more */
export async function pruneLeftovers(db: Kysely<Database>): Promise<boolean> {
  const keys = await sql`
    delete from api_keys where ctid = any (array(
      select ctid from api_keys where revoked_at < now() - ${revokedKeyDays} * interval '1 day' limit ${batchSize}
    ))`.execute(db);
  const jobs = await sql`
    delete from jobs where ctid = any (array(
      select j.ctid from jobs j
      where j.status = 'superseded'
        and j.finished_at < now() - ${supersededJobDays} * interval '1 day'
        and not exists (select 1 from operations o where o.job_id = j.id)
      limit ${batchSize}
    ))`.execute(db);
  return [keys, jobs].some(({ numAffectedRows }) => numAffectedRows === BigInt(batchSize));
}
