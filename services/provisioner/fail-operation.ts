import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import { cancellation, failApplication } from '../shared/fail-application.ts';
import { backoffMs } from './backoff.ts';
import { closeJob } from './close-job.ts';
import { closeOperation } from './close-operation.ts';
import type { Lease } from './lease.ts';
import type { OperationError } from './operation-error.ts';
import type { OperationProgress } from './operation-progress.ts';
import { recordEvent } from './record-event.ts';

export interface Failing {
  lease: Lease;
  error: OperationError;
  progress: OperationProgress;
}

export type Failed =
  /** Queued again, not before this time has passed. */
  | { type: 'retry'; delayMs: number; attempt: number }
  /** Given up: the record is the job's row. */
  | { type: 'dead'; attempt: number }
  /** Stopped because somebody asked for it. */
  | { type: 'cancelled' }
  /** A newer desired state has its own job; this one is closed without a verdict on the application. */
  | { type: 'superseded' };

/**
 * Writes that an operation has failed, in one transaction: a retryable failure queues the job again with an exponential backoff, a
 * terminal one, or the last attempt, makes the job dead and the application failed, and so does a cancellation.
 *
 * @returns undefined, with nothing written, where the lease was lost
 */
export function failOperation(
  { db, retryBaseMs }: { db: Kysely<Database>; retryBaseMs: number },
  { lease, error, progress }: Failing,
): Promise<Failed | undefined> {
  const reason = { code: error.code, message: error.message, retryable: error.retryable, unclean: error.unclean, remedy: error.remedy };
  return db.transaction().execute(async (tx): Promise<Failed | undefined> => {
    const application = await tx
      .selectFrom('applications')
      .select(['generation', 'workspace_id'])
      .where('id', '=', lease.appId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const cancelled = error.code === cancellation.code;
    const status = cancelled ? 'cancelled' : 'failed';
    if (!(await closeOperation(tx, lease, { status, snapshot: progress.closedSnapshot(), error: reason }))) return undefined;
    const job = await countAttempt(tx, lease.jobId, reason);

    if (application.generation > lease.generation) {
      await closeJob(tx, lease.jobId, 'superseded');
      return { type: 'superseded' };
    }
    const failure = { code: error.code, message: error.message, operationId: lease.jobId };
    if (cancelled) {
      await closeJob(tx, lease.jobId, 'cancelled');
      await failApplication(tx, lease.appId, failure);
      return { type: 'cancelled' };
    }
    if (error.retryable && job.attempts < job.max_attempts) {
      const delayMs = backoffMs({ attempt: job.attempts, baseMs: retryBaseMs });
      await requeue(tx, lease.jobId, delayMs);
      return { type: 'retry', delayMs, attempt: job.attempts };
    }
    await closeJob(tx, lease.jobId, 'dead');
    await failApplication(tx, lease.appId, failure);
    await recordEvent(tx, {
      type: 'application.failed',
      ...{ workspaceId: application.workspace_id, applicationId: lease.appId, operationId: lease.operationId },
      data: { code: error.code, message: error.message, kind: lease.kind, attempts: job.attempts },
    });
    return { type: 'dead', attempt: job.attempts };
  });
}

function countAttempt(tx: Transaction<Database>, jobId: string, reason: object) {
  return tx
    .updateTable('jobs')
    .set({ attempts: sql<number>`attempts + 1`, error: JSON.stringify(reason) })
    .where('id', '=', jobId)
    .returning(['attempts', 'max_attempts'])
    .executeTakeFirstOrThrow();
}

async function requeue(tx: Transaction<Database>, jobId: string, delayMs: number): Promise<void> {
  // clock_timestamp(): the transaction's own now() is before the lock was waited for.
  const runAfter = sql<Date>`clock_timestamp() + ${delayMs} * interval '1 millisecond'`;
  await tx.updateTable('jobs').set({ status: 'queued', run_after: runAfter }).where('id', '=', jobId).execute();
}
