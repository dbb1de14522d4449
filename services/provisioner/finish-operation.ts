import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../shared/db/database.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import type { TenantOutputs } from '../../tenant-program/spec.ts';
import type { Lease } from './lease.ts';
import type { OperationProgress } from './operation-progress.ts';
import { closeOperation } from './close-operation.ts';

export interface Finish {
  lease: Lease;
  /** What `up` returned; null after a destroy. */
  outputs: TenantOutputs | null;
  progress: OperationProgress;
}

export interface Finished {
  /** Milliseconds from the application's creation until now, where it answers since this operation for the first time. */
  timeToReadyMs: number | null;
}

/**
 * Writes what an operation has achieved, in one transaction: the outputs with their secrets sealed for this application, its status and
 * observed generation, the operation and the job. Where the owner has changed the desired state meanwhile, the status is left to the job
 * of that change; but what was being provisioned can answer from now on, and is only being updated.
 *
 * @returns undefined, with nothing written, where the lease was lost
 */
export function finishOperation(
  { db, box }: { db: Kysely<Database>; box: SecretBox },
  { lease, outputs, progress }: Finish,
): Promise<Finished | undefined> {
  return db.transaction().execute(async (tx) => {
    // The application first, as in lease.ts: one order of locks everywhere, no deadlock.
    const application = await lockApplication(tx, lease.appId);
    if (!(await closeOperation(tx, lease, { status: 'succeeded', snapshot: progress.closedSnapshot() }))) return undefined;
    const current = application.generation === lease.generation;
    const status = statusAfter(application, current);
    if (outputs === null) await writeDeleted(tx, lease, current);
    else await writeOutputs(tx, { lease, outputs, box, status });
    await tx
      .updateTable('jobs')
      .set({ status: 'succeeded', finished_at: sql<Date>`now()`, error: null })
      .where('id', '=', lease.jobId)
      .execute();
    const firstAnswers = outputs !== null && status !== undefined && application.active_at === null;
    return { timeToReadyMs: firstAnswers ? application.age_ms : null };
  });
}

function lockApplication(tx: Transaction<Database>, appId: string) {
  return tx
    .selectFrom('applications')
    .select(['generation', 'status', 'desired', 'active_at'])
    .select(sql<number>`(extract(epoch from clock_timestamp() - created_at) * 1000)::float8`.as('age_ms'))
    .where('id', '=', appId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Undefined where the status is for the job of a newer desired state to write. */
function statusAfter(
  { status, desired }: Awaited<ReturnType<typeof lockApplication>>,
  current: boolean,
): 'active' | 'updating' | undefined {
  if (current) return 'active';
  return desired === 'present' && status === 'provisioning' ? 'updating' : undefined;
}

interface OutputsWrite {
  lease: Lease;
  outputs: TenantOutputs;
  box: SecretBox;
  status: 'active' | 'updating' | undefined;
}

async function writeOutputs(tx: Transaction<Database>, { lease, outputs, box, status }: OutputsWrite): Promise<void> {
  await tx
    .updateTable('applications')
    .set({
      internal_url: outputs.internalUrl,
      namespace: outputs.namespace,
      program_version: outputs.programVersion,
      sealed_outputs: box.seal(JSON.stringify(outputs), lease.appId),
      sealed_instance_token: box.seal(outputs.instanceToken, lease.appId),
      observed_generation: lease.generation,
      revision: sql<number>`revision + 1`,
      updated_at: sql<Date>`now()`,
    })
    .$if(status !== undefined, (query) => query.set({ status, failure: null, active_at: sql<Date>`coalesce(active_at, now())` }))
    .where('id', '=', lease.appId)
    .execute();
}

async function writeDeleted(tx: Transaction<Database>, lease: Lease, current: boolean): Promise<void> {
  await tx
    .updateTable('applications')
    .set({
      internal_url: null,
      namespace: null,
      sealed_outputs: null,
      sealed_instance_token: null,
      observed_generation: lease.generation,
      revision: sql<number>`revision + 1`,
      updated_at: sql<Date>`now()`,
    })
    .$if(current, (query) => query.set({ status: 'deleted', failure: null, deleted_at: sql<Date>`now()` }))
    .where('id', '=', lease.appId)
    .execute();
  if (!current) return;
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`now()` })
    .where('application_id', '=', lease.appId)
    .where('revoked_at', 'is', null)
    .execute();
}
