import { sql } from 'kysely';
import type { Executor } from '../shared/db/tables.ts';

export interface Abandonment {
  operationId: string;
  jobId: string;
  /** worker_lost: its worker is dead, or as good as dead; handed_back: its worker shuts down. */
  reason: 'worker_lost' | 'handed_back';
}

const messages = {
  worker_lost: 'The worker of this operation stopped answering; another one goes on.',
  handed_back: 'The worker of this operation was shut down; another one goes on.',
} as const;

/**
 * Gives a running operation up and opens its job again, so that the next worker takes over at once. Does nothing where the operation no
 * longer runs. Call it in a transaction: both rows change, or none.
 */
export async function abandonOperation(tx: Executor, { operationId, jobId, reason }: Abandonment): Promise<void> {
  const error = JSON.stringify({ code: reason, message: messages[reason], retryable: true, unclean: true });
  const abandoned = await tx
    .updateTable('operations')
    .set({ status: 'abandoned', finished_at: sql<Date>`now()`, error })
    .where('id', '=', operationId)
    .where('status', '=', 'running')
    .returning('id')
    .executeTakeFirst();
  if (abandoned === undefined) return;
  await tx
    .updateTable('jobs')
    .set({ status: 'queued', run_after: sql<Date>`now()` })
    .where('id', '=', jobId)
    .where('status', '=', 'running')
    .execute();
}
