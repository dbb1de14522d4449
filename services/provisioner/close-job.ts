import { sql } from 'kysely';
import type { Executor, JobStatus } from '../shared/db/tables.ts';

/** Ends a job; its attempts are over, or there is nothing to be done. One that succeeded has no error left to show. */
export async function closeJob(tx: Executor, jobId: string, status: Exclude<JobStatus, 'queued' | 'running'>): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({ status, finished_at: sql<Date>`now()` })
    .$if(status === 'succeeded', (query) => query.set({ error: null }))
    .where('id', '=', jobId)
    .execute();
}
