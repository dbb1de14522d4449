import { sql } from 'kysely';
import type { Executor } from '../shared/db/tables.ts';
import type { Lease } from './lease.ts';
import type { ProgressSnapshot } from './operation-progress.ts';

export interface Closing {
  status: 'succeeded' | 'failed' | 'cancelled';
  snapshot: ProgressSnapshot;
  error?: { code: string; message: string; retryable: boolean; unclean: boolean; remedy: string | undefined };
}

/**
 * Ends a running operation, fenced by its id and token: the row is the proof that this worker still holds the lease. Call it first in the
 * transaction of what the operation writes.
 *
 * @returns whether the lease was held; if not, nothing may be written
 */
export async function closeOperation(tx: Executor, lease: Lease, { status, snapshot, error }: Closing): Promise<boolean> {
  const closed = await tx
    .updateTable('operations')
    .set({
      status,
      ...progressColumns(snapshot),
      ...(error === undefined ? {} : { error: JSON.stringify(error) }),
      heartbeat_at: sql<Date>`now()`,
      finished_at: sql<Date>`now()`,
    })
    .where('id', '=', lease.operationId)
    .where('fencing_token', '=', lease.fencingToken)
    .where('status', '=', 'running')
    .returning('id')
    .executeTakeFirst();
  return closed !== undefined;
}

/** Writes the phases of an operation that has ended, with what came after its commit. */
export async function recordPhases(db: Executor, lease: Lease, snapshot: ProgressSnapshot): Promise<void> {
  const { phase, phases } = progressColumns(snapshot);
  await db
    .updateTable('operations')
    .set({ phase, phases })
    .where('id', '=', lease.operationId)
    .where('fencing_token', '=', lease.fencingToken)
    .where('status', '<>', 'running')
    .execute();
}

/** The columns in which an operation's progress is kept, as JSON text. */
export function progressColumns({ phase, phases, progress }: ProgressSnapshot): { phase: string; phases: string; progress: string } {
  return { phase, phases: JSON.stringify(phases), progress: JSON.stringify(progress) };
}
