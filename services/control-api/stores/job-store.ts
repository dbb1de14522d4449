import { sql } from 'kysely';
import { stopsOlderOperations } from '../../shared/application-state.ts';
import type { OperationKind } from '../../shared/application-state.ts';
import type { Executor, OperationError } from '../../shared/db/tables.ts';
import { newId } from '../../shared/ids.ts';
import type { JobMessage } from '../../shared/jobs/job.ts';
import { currentTrace } from '../../shared/trace-context.ts';

export interface NewJob {
  applicationId: string;
  generation: number;
  kind: OperationKind;
}

/**
 * Writes the intent to reconcile an application up to a generation, in the transaction that changes it. Its jobs that nobody has begun
 * are closed: the newer desired state makes them pointless. One that runs is finished first, or stopped, where what it builds would be
 * taken down again at once; this one waits for it.
 *
 * @returns the job's id
 */
export async function insertJob(tx: Executor, { applicationId, generation, kind }: NewJob): Promise<string> {
  const ofApplication = tx.updateTable('jobs').where('application_id', '=', applicationId);
  await ofApplication
    .set({ status: 'superseded', finished_at: sql<Date>`now()` })
    .where('status', '=', 'queued')
    .execute();
  if (stopsOlderOperations(kind)) {
    await ofApplication
      .set({ cancel_requested_at: sql<Date>`now()` })
      .where('status', '=', 'running')
      .where('cancel_requested_at', 'is', null)
      .execute();
  }
  const id = newId('job');
  await tx
    .insertInto('jobs')
    .values({ id, application_id: applicationId, generation, kind, trace_parent: currentTrace()?.traceParent ?? null })
    .execute();
  return id;
}

/** Ends a job that nobody has begun. Its application must be locked. */
export async function cancelQueuedJob(tx: Executor, jobId: string, reason: OperationError): Promise<void> {
  const now = sql<Date>`now()`;
  await tx
    .updateTable('jobs')
    .set({ status: 'cancelled', cancel_requested_at: now, finished_at: now, error: JSON.stringify(reason) })
    .where('id', '=', jobId)
    .where('status', '=', 'queued')
    .execute();
}

/** Asks the worker of a job to stop; it looks with each heartbeat. */
export async function requestCancel(tx: Executor, jobId: string): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({ cancel_requested_at: sql<Date>`coalesce(cancel_requested_at, now())` })
    .where('id', '=', jobId)
    .execute();
}

/**
 * Queued jobs that were never published, held until the transaction ends; another replica's are skipped. The first of each workspace come
 * before any second one, and so on, so that the many of one workspace don't hold up those of others.
 */
export async function lockUnpublishedJobs(tx: Executor, limit: number): Promise<JobMessage[]> {
  return tx
    .selectFrom('jobs as j')
    .innerJoin(
      (eb) =>
        eb
          .selectFrom('jobs as due')
          .innerJoin('applications as a', 'a.id', 'due.application_id')
          .where('due.status', '=', 'queued')
          .where('due.published_at', 'is', null)
          .where('due.run_after', '<=', sql<Date>`now()`)
          .select(['due.id', sql<number>`row_number() over (partition by a.workspace_id order by due.run_after, due.id)`.as('turn')])
          .as('turns'),
      (join) => join.onRef('turns.id', '=', 'j.id'),
    )
    .where('j.status', '=', 'queued')
    .where('j.published_at', 'is', null)
    .orderBy('turns.turn')
    .orderBy('j.run_after')
    .limit(limit)
    .select(['j.id as jobId', 'j.application_id as appId', 'j.generation'])
    .forUpdate('j')
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
