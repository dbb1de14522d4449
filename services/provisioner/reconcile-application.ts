import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Database } from '../shared/db/tables.ts';
import { jobStream } from '../shared/jobs/job.ts';
import type { JobMessage } from '../shared/jobs/job.ts';
import type { Log } from '../shared/log.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import type { Tracing } from '../shared/tracing.ts';
import type { Cluster } from './cluster/connect-cluster.ts';
import type { Delivery, Outcome } from './consumer.ts';
import type { Inventory } from './inventory/inventory.ts';
import { acquireLease } from './lease.ts';
import type { Metrics } from './metrics.ts';
import { runOperation } from './run-operation.ts';
import type { ChildRunner } from './run-child.ts';
import type { RunningOperations } from './running-operations.ts';
import { syncRoute } from './sync-route.ts';
import type { TenantSettings } from './tenant-settings.ts';

export interface ReconcileDependencies {
  db: Kysely<Database>;
  redis: Redis;
  nats: NatsConnection;
  box: SecretBox;
  settings: TenantSettings;
  cluster: Cluster;
  inventory: Inventory;
  children: Pick<ChildRunner, 'run'>;
  running: RunningOperations;
  metrics: Metrics;
  tracing: Pick<Tracing, 'run'>;
  log: Log;
  worker: string;
  times: {
    heartbeatMs: number;
    ttlMs: number;
    retryBaseMs: number;
    clusterWaitMs: number;
    namespaceWaitMs: number;
    namespacePatienceMs: number;
  };
}

/** A busy application is asked for again after this, times the number of deliveries; what outlasts its deliveries, the reconciler announces again. */
const busyDelayMs = 500;
const longestBusyDelayMs = 2_000;
/** Long enough for a Redis that restarts. */
const routeRetryDelayMs = 2_000;

/**
 * Brings one application to its desired state, if that is still to be done: the message is only the reason to look at the row.
 * Idempotent: a doubled, late or lost message changes nothing in the result.
 */
export async function reconcileApplication(deps: ReconcileDependencies, message: JobMessage, delivery: Delivery): Promise<Outcome> {
  const log = deps.log.child({ jobId: message.jobId, appId: message.appId });
  const answer = await acquireLease(deps.db, {
    jobId: message.jobId,
    worker: deps.worker,
    ttlMs: deps.times.ttlMs,
    busyDelayMs: Math.min(busyDelayMs * delivery.count, longestBusyDelayMs),
  });
  switch (answer.type) {
    case 'unknown':
      return { type: 'drop', reason: 'no such job' };
    case 'later':
      log.debug({ reason: answer.reason, delayMs: answer.delayMs }, 'The job has to wait');
      return { type: 'again', delayMs: answer.delayMs };
    case 'finished':
      log.debug({ reason: answer.reason }, 'Nothing to do for the job');
      // The worker that did it may have died between its commit and the route, or Redis may have been away.
      return settleRoute(deps, answer.appId, log);
    case 'held':
      return runOperation({ ...deps, log }, answer.lease, throttledWorking(delivery));
  }
}

async function settleRoute(deps: ReconcileDependencies, appId: string, log: Log): Promise<Outcome> {
  try {
    await syncRoute(deps, appId);
    return { type: 'done' };
  } catch (error) {
    log.warn({ err: error }, 'The route could not be published');
    return { type: 'again', delayMs: routeRetryDelayMs };
  }
}

/** working() at a third of the ack wait: two may get lost before the message is delivered again. */
function throttledWorking(delivery: Delivery): () => void {
  let last = performance.now();
  return () => {
    if (performance.now() - last < jobStream.ackWaitMs / 3) return;
    last = performance.now();
    delivery.working();
  };
}
