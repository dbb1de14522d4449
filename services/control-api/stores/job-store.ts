import { sql } from 'kysely';
import type { Executor } from '../../shared/db/database.ts';
import { newId } from '../../shared/ids.ts';
import type { JobMessage } from '../../shared/jobs/job.ts';

export interface DesiredGeneration {
  applicationId: string;
  generation: number;
}

/**
 * Writes the intent to reconcile each application up to a generation, in the transaction that changes it. Its jobs that nobody has begun
 * are closed: the newer desired state makes them pointless. One that runs is finished, and this one waits for it.
 */
export async function insertJobs(tx: Executor, desired: readonly DesiredGeneration[]): Promise<void> {
  if (desired.length === 0) return;
  await tx
    .updateTable('jobs')
    .set({ status: 'superseded', finished_at: sql<Date>`now()` })
    .where(
      'application_id',
      'in',
      desired.map(({ applicationId }) => applicationId),
    )
    .where('status', '=', 'queued')
    .execute();
  const jobs = desired.map(({ applicationId, generation }) => ({ id: newId('job'), application_id: applicationId, generation }));
  await tx.insertInto('jobs').values(jobs).execute();
}

/** Queued jobs that were never published, oldest first, held until the transaction ends; another replica's are skipped. */
export async function lockUnpublishedJobs(tx: Executor, limit: number): Promise<JobMessage[]> {
  return tx
    .selectFrom('jobs')
    .where('status', '=', 'queued')
    .where('published_at', 'is', null)
    .where('run_after', '<=', sql<Date>`now()`)
    .orderBy('run_after')
    .limit(limit)
    .select(['id as jobId', 'application_id as appId', 'generation'])
    .forUpdate()
    .skipLocked()
    .execute();
}

export async function markPublished(tx: Executor, jobIds: string[]): Promise<void> {
  if (jobIds.length === 0) return;
  await tx
    .updateTable('jobs')
    .set({ published_at: sql<Date>`now()` })
    .where('id', 'in', jobIds)
    .execute();
}
