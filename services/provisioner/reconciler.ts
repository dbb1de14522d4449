import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../shared/db/tables.ts';
import { jobStream } from '../shared/jobs/job.ts';
import type { JobMessage } from '../shared/jobs/job.ts';
import type { Log } from '../shared/log.ts';
import type { Metrics, QueueReading } from './metrics.ts';
import { publishWakeUp } from './publish-jobs.ts';

export interface ReconcilerOptions {
  db: Kysely<Database>;
  nats: NatsConnection;
  metrics: Metrics;
  log: Log;
  intervalMs: number;
  /** See LEASE_TTL_MS. */
  ttlMs: number;
  /** See REPUBLISH_AFTER_MS. */
  republishAfterMs: number;
}

/** Jobs announced in one round at most: a NATS that comes back empty gets its messages in bounded portions. */
const batchSize = 200;
/** NATS being away must not stop the rounds. */
const natsTimeoutMs = 1_000;

/**
 * Makes the queue follow the database: each round announces the open jobs that nobody works on and whose announcement is lost or was
 * never made, and reads the gauges. Safe in any number of processes: a job is claimed by its announcement time under `skip locked`.
 * Stops when the signal aborts.
 */
export async function runReconciler(options: ReconcilerOptions, stopping: AbortSignal): Promise<void> {
  const { log, metrics, intervalMs } = options;
  let failing = false;
  while (!stopping.aborted) {
    try {
      await reconcileOnce(options);
      failing = false;
    } catch (error) {
      metrics.reconcilerFailures.inc();
      log[failing ? 'debug' : 'warn']({ err: error }, 'A round of the reconciler failed');
      failing = true;
    }
    await delay(intervalMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** One round. Returns the ids of the jobs that it announced. */
export async function reconcileOnce(options: ReconcilerOptions): Promise<string[]> {
  const { db, nats, metrics, log } = options;
  const open = await readOpenJobs(db);
  metrics.jobsOpen.set(open.count);
  metrics.jobsWaiting.set(open.waiting);
  metrics.oldestJobSeconds.set(open.oldest_seconds);
  const queue = await readQueue(nats);
  metrics.queueAckPending.set(queue.ackPending);
  metrics.queueRedelivered.set(queue.redelivered);
  metrics.queueWaiting.set(queue.waiting);

  const messages = queue.ackPending + queue.waiting;
  const claimed = await claimUnannounced(options, { everyStaleJob: messages < open.count });
  for (const job of claimed) {
    await publishWakeUp(nats, job, `${job.jobId}-again-${Date.now()}`);
    metrics.republished.inc();
    log.info({ jobId: job.jobId, appId: job.appId }, 'Announced a job again');
  }
  return claimed.map(({ jobId }) => jobId);
}

function readOpenJobs(db: Kysely<Database>) {
  return db
    .selectFrom('jobs')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .select(sql<number>`count(*) filter (where status = 'queued' and run_after <= now())`.as('waiting'))
    .select(sql<number>`coalesce(extract(epoch from now() - min(created_at)), 0)::float8`.as('oldest_seconds'))
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow();
}

async function readQueue(nats: NatsConnection): Promise<QueueReading> {
  const manager = await jetstreamManager(nats, { timeout: natsTimeoutMs, checkAPI: false });
  const info = await manager.consumers.info(jobStream.stream, jobStream.consumer);
  return { ackPending: info.num_ack_pending, redelivered: info.num_redelivered, waiting: info.num_pending };
}

/**
 * Claims due jobs, each workspace's first one before any second one, that no living worker has and that were not announced lately. Where the queue holds as many messages as there are open
 * jobs (`everyStaleJob` is false), those that were announced most likely just wait for a free slot, and get twice the ack wait before
 * they are announced again; but not those whose worker has died, as their message comes back late.
 */
async function claimUnannounced(
  { db, ttlMs, republishAfterMs }: ReconcilerOptions,
  { everyStaleJob }: { everyStaleJob: boolean },
): Promise<JobMessage[]> {
  const alive = sql`o.heartbeat_at > now() - ${ttlMs} * interval '1 millisecond'`;
  const patienceMs = everyStaleJob ? republishAfterMs : Math.max(republishAfterMs, 2 * jobStream.ackWaitMs);
  const { rows } = await sql<JobMessage>`
    update jobs set published_at = now()
    where id in (
      select j.id from jobs j join (
        select due.id, row_number() over (partition by a.workspace_id order by due.run_after, due.id) as turn
        from jobs due join applications a on a.id = due.application_id
        where due.status in ('queued', 'running') and due.run_after <= now()
      ) turns on turns.id = j.id
      where j.status in ('queued', 'running')
        and j.run_after <= now()
        and greatest(j.published_at, j.created_at, case when j.status = 'queued' then j.run_after end) < now()
          - case when j.status = 'running' or j.published_at is null then ${republishAfterMs}::float8 else ${patienceMs}::float8 end
          * interval '1 millisecond'
        and not exists (select 1 from operations o where o.application_id = j.application_id and o.status = 'running' and ${alive})
      order by turns.turn, j.run_after
      limit ${batchSize}
      for update of j skip locked
    )
    returning id as "jobId", application_id as "appId", generation`.execute(db);
  return rows;
}
