import { sql } from 'kysely';
import type { AppFailure, Executor } from './db/tables.ts';

/** Why an application failed whose operation was cancelled on request. */
export const cancellation = { code: 'cancelled', message: 'The operation was cancelled.' } as const;

/** Marks an application as failed: what its owner asked for is not what runs. The row must be locked. */
export async function failApplication(tx: Executor, appId: string, failure: AppFailure): Promise<void> {
  await tx
    .updateTable('applications')
    .set({ status: 'failed', failure: JSON.stringify(failure), revision: sql<number>`revision + 1`, updated_at: sql<Date>`now()` })
    .where('id', '=', appId)
    .execute();
}
