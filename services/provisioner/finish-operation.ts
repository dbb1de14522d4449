import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { conclude, stateOf } from '../shared/application-state.ts';
import type { ApplicationState } from '../shared/application-state.ts';
import type { Database, RemovedThing } from '../shared/db/tables.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import type { TenantOutputs } from '../../tenant-program/spec.ts';
import { closeJob } from './close-job.ts';
import { closeOperation } from './close-operation.ts';
import type { Lease } from './lease.ts';
import type { OperationProgress } from './operation-progress.ts';
import { recordEvent } from './record-event.ts';

/** What an operation has achieved. */
export type Achievement =
  | { type: 'up'; outputs: TenantOutputs }
  /** What was removed, and where it was looked afterwards and nothing was found. */
  | { type: 'destroyed'; removed: RemovedThing[]; verified: RemovedThing[] };

export interface Finish {
  lease: Lease;
  achievement: Achievement;
  progress: OperationProgress;
}

export interface Finished {
  /** Milliseconds from the application's creation until now, where it answers since this operation for the first time. */
  timeToReadyMs: number | null;
}

/**
 * Writes what an operation has achieved, in one transaction: the outputs with their secrets sealed for this application, its status and
 * observed generation, the operation, the job and the event.
 *
 * @returns undefined, with nothing written, where the lease was lost
 */
export function finishOperation(
  { db, box }: { db: Kysely<Database>; box: SecretBox },
  { lease, achievement, progress }: Finish,
): Promise<Finished | undefined> {
  return db.transaction().execute(async (tx) => {
    // The application first, as in lease.ts: one order of locks everywhere, no deadlock.
    const application = await lockApplication(tx, lease.appId);
    if (!(await closeOperation(tx, lease, { status: 'succeeded', snapshot: progress.closedSnapshot() }))) return undefined;
    const state = conclude(stateOf(application), { outcome: 'succeeded', generation: lease.generation, brought: lease.desired });
    const firstAnswers = state.serving && application.active_at === null;

    if (achievement.type === 'up') await writeOutputs(tx, { lease, outputs: achievement.outputs, box, state });
    else await writeDestroyed(tx, { lease, state, application, ...achievement });
    await closeJob(tx, lease.jobId, 'succeeded');
    const timeToReadyMs = firstAnswers ? application.age_ms : null;
    const about = { workspaceId: application.workspace_id, applicationId: lease.appId, operationId: lease.operationId };
    if (firstAnswers) await recordEvent(tx, { type: 'application.provisioned', ...about, data: { timeToReadyMs } });
    if (state.status === 'deleted') await recordEvent(tx, { type: 'application.deleted', ...about, data: {} });
    return { timeToReadyMs };
  });
}

function lockApplication(tx: Transaction<Database>, appId: string) {
  return tx
    .selectFrom('applications')
    .select(['workspace_id', 'name', 'slug', 'active_at'])
    .select(['status', 'desired', 'suspensions', 'generation', 'observed_generation', 'serving'])
    .select(sql<number>`(extract(epoch from clock_timestamp() - created_at) * 1000)::float8`.as('age_ms'))
    .where('id', '=', appId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

const concluded = ({ status, serving, observedGeneration }: ApplicationState) => ({
  ...{ status, serving, observed_generation: observedGeneration },
  revision: sql<number>`revision + 1`,
  updated_at: sql<Date>`now()`,
});

interface OutputsWrite {
  lease: Lease;
  outputs: TenantOutputs;
  box: SecretBox;
  state: ApplicationState;
}

async function writeOutputs(tx: Transaction<Database>, { lease, outputs, box, state }: OutputsWrite): Promise<void> {
  await tx
    .updateTable('applications')
    .set({
      ...concluded(state),
      internal_url: outputs.internalUrl,
      namespace: outputs.namespace,
      program_version: outputs.programVersion,
      sealed_outputs: box.seal(JSON.stringify(outputs), lease.appId),
      sealed_instance_token: box.seal(outputs.instanceToken, lease.appId),
    })
    .$if(state.generation === lease.generation, (query) => query.set({ failure: null }))
    .$if(state.serving, (query) => query.set({ active_at: sql<Date>`coalesce(active_at, now())` }))
    .where('id', '=', lease.appId)
    .execute();
}

interface DestroyedWrite {
  lease: Lease;
  state: ApplicationState;
  application: Awaited<ReturnType<typeof lockApplication>>;
  removed: RemovedThing[];
  verified: RemovedThing[];
}

async function writeDestroyed(tx: Transaction<Database>, { lease, state, application, removed, verified }: DestroyedWrite): Promise<void> {
  await tx
    .updateTable('applications')
    .set({
      ...concluded(state),
      ...{ internal_url: null, namespace: null, sealed_outputs: null, sealed_instance_token: null },
    })
    .$if(state.status === 'deleted', (query) => query.set({ failure: null, deleted_at: sql<Date>`now()` }))
    .where('id', '=', lease.appId)
    .execute();
  if (state.status !== 'deleted') return;
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`now()` })
    .where('application_id', '=', lease.appId)
    .where('revoked_at', 'is', null)
    .execute();
  await tx
    .insertInto('deletion_records')
    .values({
      ...{ application_id: lease.appId, workspace_id: application.workspace_id, name: application.name, slug: application.slug },
      ...{ removed: JSON.stringify(removed), verified: JSON.stringify(verified), requested_at: lease.requestedAt },
    })
    .execute();
}
