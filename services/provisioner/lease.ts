import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Desired, OperationKind } from '../shared/application-state.ts';
import type { Database } from '../shared/db/tables.ts';
import { newId } from '../shared/ids.ts';
import { abandonOperation } from './abandon-operation.ts';
import { closeJob } from './close-job.ts';
import { hasItsShare } from './fair-share.ts';
import { cancellation, failApplication } from '../shared/fail-application.ts';
import { sealedSpecSource, specSourceColumns } from './open-spec-source.ts';
import type { SealedSpecSource } from './open-spec-source.ts';

/** The right to change one application's stack. Whoever writes on its behalf names the operation and the token. */
export interface Lease {
  operationId: string;
  fencingToken: number;
  jobId: string;
  appId: string;
  kind: OperationKind;
  /** The desired state that this operation aims at. */
  generation: number;
  desired: Desired;
  /** The operation before this one did not end by itself, or a repair is wanted: cancel its lock, clear what it left pending, refresh. */
  takeover: boolean;
  /** Workers that died in the middle of this job. */
  lostWorkers: number;
  /** Counts from 1; one that was handed back is not counted. */
  attempt: number;
  /** Where this one fails the job is dead, whatever the cause. */
  lastAttempt: boolean;
  source: SealedSpecSource;
  /** The trace of the request that wrote the job; null where it has none. */
  traceParent: string | null;
  /** When the owner, or the scheduler, asked for it. */
  requestedAt: Date;
  /** Since when the job could be taken: its creation, the end of its backoff, or the end of the worker before. */
  queuedAt: Date;
  startedAt: Date;
}

export type LeaseAnswer =
  | { type: 'held'; lease: Lease }
  /** Nothing to do any more: the job is finished, its generation is reached, or a newer desired state has its own job. */
  | { type: 'finished'; reason: 'done' | 'observed' | 'superseded' | 'cancelled'; appId: string }
  /** A worker is at the application, the job's backoff has not passed, or another workspace comes first. */
  | { type: 'later'; reason: 'busy' | 'backoff' | 'share'; delayMs: number }
  | { type: 'unknown' };

export interface LeaseRequest {
  jobId: string;
  /** Name of this worker, for people who read the operations. */
  worker: string;
  /** A running operation whose heartbeat is older than this is taken from its worker. */
  ttlMs: number;
  /** When to ask again while another worker holds the lease. */
  busyDelayMs: number;
}

type Tx = Transaction<Database>;
type Found<T extends (tx: Tx, ...rest: never[]) => Promise<unknown>> = NonNullable<Awaited<ReturnType<T>>>;

/**
 * Decides, in one transaction that locks the application's row, whether this worker may work on the job; if so, the new operation's row
 * is the lease. A dead worker's operation is abandoned in the same transaction. All times are the database's, so that workers' clocks
 * don't matter.
 */
export function acquireLease(db: Kysely<Database>, request: LeaseRequest): Promise<LeaseAnswer> {
  return db.transaction().execute(async (tx): Promise<LeaseAnswer> => {
    const named = await tx.selectFrom('jobs').select('application_id').where('id', '=', request.jobId).executeTakeFirst();
    if (named === undefined) return { type: 'unknown' };
    const application = await lockApplication(tx, named.application_id);

    const previous = await selectPreviousOperation(tx, application.id, request.ttlMs);
    if (previous?.status === 'running' && !previous.alive) await abandonOperation(tx, { ...previous, reason: 'worker_lost' });

    // Only now: the job is what it is since the lock was granted, not what it was while this worker waited for it.
    const job = await selectJob(tx, request.jobId);
    const finished = previous?.alive && previous.jobId === job.id ? undefined : await finishWithoutWork(tx, job, application);
    if (finished !== undefined) return finished;
    if (previous?.alive) return { type: 'later', reason: 'busy', delayMs: request.busyDelayMs };
    if (job.wait_ms > 0) return { type: 'later', reason: 'backoff', delayMs: job.wait_ms };
    if (await hasItsShare(tx, { workspaceId: application.workspace_id, ttlMs: request.ttlMs })) {
      return { type: 'later', reason: 'share', delayMs: request.busyDelayMs };
    }
    return {
      type: 'held',
      lease: await insertOperation(tx, {
        job,
        application,
        takeover: needsTakeover(previous) || job.kind === 'repair',
        worker: request.worker,
      }),
    };
  });
}

function lockApplication(tx: Tx, appId: string) {
  return tx
    .selectFrom('applications')
    .select(specSourceColumns)
    .select(['workspace_id', 'generation', 'observed_generation'])
    .where('id', '=', appId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/**
 * Only once the application is locked, and not joined in that statement: where the lock had to be waited for, a joined row is still the one
 * of before the wait. The new generation would be built with the old plan, and nothing would ever mend that.
 */
async function selectPlan(tx: Tx, workspaceId: string): Promise<string> {
  const { plan } = await tx.selectFrom('workspaces').select('plan').where('id', '=', workspaceId).executeTakeFirstOrThrow();
  return plan;
}

function selectPreviousOperation(tx: Tx, appId: string, ttlMs: number) {
  return tx
    .selectFrom('operations')
    .select(['id as operationId', 'job_id as jobId', 'status', 'error'])
    .select(sql<boolean>`status = 'running' and heartbeat_at > now() - ${ttlMs} * interval '1 millisecond'`.as('alive'))
    .where('application_id', '=', appId)
    .orderBy('fencing_token', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function selectJob(tx: Tx, jobId: string) {
  return tx
    .selectFrom('jobs')
    .select([
      'id',
      'kind',
      'status',
      'generation',
      'created_at',
      'run_after',
      'cancel_requested_at',
      'attempts',
      'max_attempts',
      'trace_parent',
    ])
    .select(sql<number>`ceil(extract(epoch from run_after - now()) * 1000)::integer`.as('wait_ms'))
    .where('id', '=', jobId)
    .executeTakeFirstOrThrow();
}

async function finishWithoutWork(
  tx: Tx,
  job: Found<typeof selectJob>,
  application: Found<typeof lockApplication>,
): Promise<LeaseAnswer | undefined> {
  const appId = application.id;
  if (job.status !== 'queued' && job.status !== 'running') return { type: 'finished', reason: 'done', appId };
  if (application.observed_generation >= job.generation) {
    await closeJob(tx, job.id, 'succeeded');
    return { type: 'finished', reason: 'observed', appId };
  }
  if (application.generation > job.generation) {
    await closeJob(tx, job.id, 'superseded');
    return { type: 'finished', reason: 'superseded', appId };
  }
  // Its worker was lost before it could stop the operation.
  if (job.cancel_requested_at !== null) {
    await closeJob(tx, job.id, 'cancelled');
    await failApplication(tx, appId, { ...cancellation, operationId: job.id });
    return { type: 'finished', reason: 'cancelled', appId };
  }
  return undefined;
}

/** After a clean failure the stack is unlocked and has nothing pending, so the refresh can be spared. */
function needsTakeover(previous: Awaited<ReturnType<typeof selectPreviousOperation>>): boolean {
  if (previous === undefined || previous.status === 'succeeded') return false;
  return previous.status === 'failed' ? (previous.error as { unclean?: boolean } | null)?.unclean === true : true;
}

interface NewOperation {
  job: Found<typeof selectJob>;
  application: Found<typeof lockApplication>;
  takeover: boolean;
  worker: string;
}

async function insertOperation(tx: Tx, { job, application, takeover, worker }: NewOperation): Promise<Lease> {
  const { id: appId, generation, desired } = application;
  const { kind } = job;
  const attempt = job.attempts + 1;
  const operation = await tx
    .insertInto('operations')
    .values({ id: newId('op'), application_id: appId, job_id: job.id, kind, generation, worker, phase: 'queued' })
    .returning(['id', 'fencing_token', 'started_at'])
    .executeTakeFirstOrThrow();
  await tx.updateTable('jobs').set({ status: 'running' }).where('id', '=', job.id).execute();
  return {
    operationId: operation.id,
    fencingToken: operation.fencing_token,
    jobId: job.id,
    appId,
    kind,
    generation,
    desired,
    takeover,
    lostWorkers: await countLostWorkers(tx, job.id),
    attempt,
    lastAttempt: attempt >= job.max_attempts,
    source: sealedSpecSource(application, await selectPlan(tx, application.workspace_id)),
    traceParent: job.trace_parent,
    requestedAt: job.created_at,
    queuedAt: job.run_after,
    startedAt: operation.started_at,
  };
}

async function countLostWorkers(tx: Tx, jobId: string): Promise<number> {
  const { lost } = await tx
    .selectFrom('operations')
    .select((eb) => eb.fn.countAll<number>().as('lost'))
    .where('job_id', '=', jobId)
    .where(sql<string>`error ->> 'code'`, '=', 'worker_lost')
    .executeTakeFirstOrThrow();
  return lost;
}
