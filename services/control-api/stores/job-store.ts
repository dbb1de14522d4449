import { sql } from 'kysely';
import type { Executor } from '../../shared/db/database.ts';
import { newId } from '../../shared/ids.ts';
import type { JobMessage } from '../../shared/jobs/job.ts';

/** Writes the intent to reconcile an application up to a generation, in the transaction that changes it. */
export async function insertJob(
  tx: Executor,
  { applicationId, generation }: { applicationId: string; generation: number },
): Promise<string> {
  const id = newId('job');
  await tx.insertInto('jobs').values({ id, application_id: applicationId, generation }).execute();
  return id;
}

/** Closes the jobs that nobody has begun: the newer desired state makes them pointless. */
export async function supersedeQueuedJobs(tx: Executor, applicationId: string): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({ status: 'superseded', finished_at: sql<Date>`now()` })
    .where('application_id', '=', applicationId)
    .where('status', '=', 'queued')
    .execute();
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
