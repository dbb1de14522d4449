import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { cancellation, failApplication } from '../../shared/fail-application.ts';
import { authorize } from '../policies.ts';
import { lockApplication } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { cancelQueuedJob, requestCancel } from '../stores/job-store.ts';
import { findOperation } from '../stores/operation-store.ts';
import type { OperationRow } from '../stores/operation-store.ts';
import type { Effects } from './effects.ts';

interface Ids {
  userId: string;
  applicationId: string;
  operationId: string;
}

export interface CancelledOperation {
  operation: OperationRow;
  /** False while a worker is at it, which stops within a heartbeat. */
  ended: boolean;
}

/**
 * Stops an application's newest operation. One that nobody has begun ends at once; one that runs is asked to stop, and asking again changes
 * nothing. Either way the application is `failed` with the code `cancelled` then: what was asked for is not what runs. The next change
 * tries again, and a suspension that was cancelled still keeps requests away.
 *
 * A deletion is not cancelled: whoever wants the application back asks for a restore, which also brings its keys back, and what is
 * destroyed is half gone already. So both answer conflict, saying which way there is.
 *
 * @throws AppError not_found, forbidden, conflict (ended already, a newer operation took its place, or it deletes)
 */
export async function cancelOperation({ db, effects }: { db: Kysely<Database>; effects: Effects }, ids: Ids): Promise<CancelledOperation> {
  const cancelled = await db.transaction().execute(async (tx) => {
    // Locked before the operation is read, as a worker does who begins it: either it has begun, or it never will.
    const application = await lockApplication(tx, ids);
    if (!application) throw appErrors.notFound('application');
    authorize(application.role, 'application.write');
    const operation = await findOperation(tx, ids);
    if (!operation) throw appErrors.notFound('operation');
    requireCancellable(application, operation);
    const ended = operation.status === 'queued';
    await (ended ? cancelQueued(tx, ids) : requestCancel(tx, ids.operationId));
    return { operation: (await findOperation(tx, ids)) ?? operation, ended };
  });
  if (cancelled.ended) await effects.routeChanged(ids.applicationId);
  return cancelled;
}

function requireCancellable(application: ApplicationRow, { status, generation }: OperationRow): void {
  const refuse = (reason: string): never => {
    throw appErrors.conflict({ field: 'operation', reason });
  };
  if (status !== 'queued' && status !== 'running') refuse(`is ${status === 'dead' ? 'failed' : status}`);
  if (generation < application.generation) refuse('is superseded by a newer operation');
  if (application.desired === 'absent') refuse('deletes the application for good, which has no way back');
  if (application.suspensions.includes('deletion')) refuse('deletes the application: restore it instead');
}

async function cancelQueued(tx: Transaction<Database>, { applicationId, operationId }: Ids): Promise<void> {
  await cancelQueuedJob(tx, operationId, cancellation);
  await failApplication(tx, applicationId, { ...cancellation, operationId });
}
