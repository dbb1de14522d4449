import { abandonOperation } from './abandon-operation.ts';
import { achieve } from './achieve.ts';
import type { OperationRun } from './achieve.ts';
import { recordPhases } from './close-operation.ts';
import type { Outcome } from './consumer.ts';
import { explainFailure } from './diagnosis/explain-failure.ts';
import { cancellation } from '../shared/fail-application.ts';
import type { WorkSpan } from '../shared/tracing.ts';
import { failOperation } from './fail-operation.ts';
import { finishOperation } from './finish-operation.ts';
import type { Achievement } from './finish-operation.ts';
import { keepLease } from './keep-lease.ts';
import type { KeepLeaseOptions } from './keep-lease.ts';
import type { Lease } from './lease.ts';
import { OperationError, toOperationError } from './operation-error.ts';
import { createOperationProgress } from './operation-progress.ts';
import type { Phase } from './operation-progress.ts';
import { publishDeadLetter } from './publish-jobs.ts';
import type { ReconcileDependencies } from './reconcile-application.ts';
import type { StopReason } from './running-operations.ts';
import { syncRoute } from './sync-route.ts';

const routeRetryDelayMs = 2_000;

type OperationOutcome = 'succeeded' | 'retried' | 'dead' | 'cancelled' | 'superseded' | 'handed_back' | 'lease_lost';

/**
 * Carries a leased operation out: child process, then its outcome, each written under the fence of the lease.
 *
 * @param working called while the lease is held, to keep the job's message
 */
export function runOperation(deps: ReconcileDependencies, lease: Lease, working: () => void): Promise<Outcome> {
  const { kind, generation, operationId, jobId, appId } = lease;
  const attributes = {
    ...{ 'authsome.app_id': appId, 'authsome.job_id': jobId, 'authsome.operation_id': operationId, 'authsome.kind': kind },
    ...{ 'authsome.generation': generation, 'authsome.attempt': lease.attempt, 'authsome.takeover': lease.takeover },
  };
  const work = { name: `operation ${kind}`, traceParent: lease.traceParent, startedAt: lease.queuedAt, attributes };
  return deps.tracing.run(work, (span) => runTraced(deps, lease, { working, span }));
}

async function runTraced(
  deps: ReconcileDependencies,
  lease: Lease,
  { working, span }: { working: () => void; span: WorkSpan | undefined },
): Promise<Outcome> {
  const { operationId, kind, generation } = lease;
  const log = deps.log.child({ operationId, kind, generation });
  const stop = new AbortController();
  const progress = createOperationProgress(lease);
  // Until the child says what it does.
  progress.enter('starting', lease.startedAt);
  const run: OperationRun = { deps: { ...deps, log }, lease, progress, stop: stop.signal };
  const endTimer = deps.metrics.durationSeconds.startTimer({ kind: lease.kind });
  const remove = deps.running.add({
    ...lease,
    phase: () => progress.snapshot().phase,
    stop: (reason) => stop.abort(reason),
  });
  deps.metrics.running.inc();
  if (lease.takeover) deps.metrics.takeovers.inc();
  log.info({ takeover: lease.takeover }, 'Operation started');
  try {
    const { outcome, settled } = await attempt(run, {
      onHeld: working,
      onCancel: () => stop.abort('cancelled' satisfies StopReason),
      onLost: () => stop.abort('lease-lost' satisfies StopReason),
    });
    endTimer({ outcome });
    deps.metrics.operations.inc({ kind: lease.kind, outcome });
    endSpan(span, outcome, progress.closedSnapshot().phases);
    return settled;
  } finally {
    deps.metrics.running.dec();
    remove();
  }
}

function endSpan(span: WorkSpan | undefined, outcome: OperationOutcome, phases: readonly Phase[]): void {
  span?.end({
    failed: outcome === 'retried' || outcome === 'dead' || outcome === 'lease_lost',
    attributes: { 'authsome.outcome': outcome },
    parts: phases.map(({ name, startedAt, endedAt }) => ({
      name,
      startedAt: new Date(startedAt),
      endedAt: new Date(endedAt ?? startedAt),
    })),
  });
}

interface Settled {
  outcome: OperationOutcome;
  settled: Outcome;
}

async function attempt(run: OperationRun, callbacks: Pick<KeepLeaseOptions, 'onHeld' | 'onCancel' | 'onLost'>): Promise<Settled> {
  const { deps, lease, progress } = run;
  const keeper = keepLease({ ...deps, ...deps.times, ...callbacks, lease, progress });
  try {
    const achievement = await achieve(run, () => keeper.flush());
    progress.enter('store-outputs');
    return await succeed(run, achievement);
  } catch (error) {
    return await giveUp(run, await explain(run, toOperationError(error)));
  } finally {
    keeper.stop();
  }
}

/** Nothing is to be explained of an operation that was stopped. */
async function explain({ deps, lease, stop }: OperationRun, error: OperationError): Promise<OperationError> {
  if (stop.aborted) return error;
  return explainFailure({ ...deps, appId: lease.appId, kind: lease.desired === 'absent' ? 'destroy' : 'up', error });
}

async function succeed(run: OperationRun, achievement: Achievement): Promise<Settled> {
  const { deps, lease, progress } = run;
  const finished = await finishOperation(deps, { lease, achievement, progress });
  if (finished === undefined) return leaseLost(run);
  if (finished.timeToReadyMs !== null) deps.metrics.timeToReadySeconds.observe(finished.timeToReadyMs / 1000);
  deps.log.info({ timeToReadyMs: finished.timeToReadyMs }, 'Operation succeeded');

  progress.enter('publish-route');
  const routed = await routePublished(run);
  return { outcome: 'succeeded', settled: settledBy(routed) };
}

/** A route that is not published yet is the message's reason to come again. */
function settledBy(routed: boolean): Outcome {
  return routed ? { type: 'done' } : { type: 'again', delayMs: routeRetryDelayMs };
}

/** The outcome is committed: from here on nothing may turn the operation into a failed one. */
async function routePublished({ deps, lease, progress }: OperationRun): Promise<boolean> {
  try {
    await syncRoute(deps, lease.appId);
    await recordPhases(deps.db, lease, progress.closedSnapshot());
    return true;
  } catch (error) {
    deps.log.warn({ err: error }, 'The route could not be published');
    return false;
  }
}

async function giveUp(run: OperationRun, failure: OperationError): Promise<Settled> {
  const { deps, lease, progress } = run;
  const stopped = run.stop.aborted ? (run.stop.reason as StopReason) : undefined;
  if (stopped === 'shutdown') return handBack(run);
  if (stopped === 'lease-lost') return leaseLost(run);

  const error = stopped === 'cancelled' ? new OperationError({ ...cancellation, retryable: false, unclean: true }) : failure;
  const failed = await failOperation({ db: deps.db, retryBaseMs: deps.times.retryBaseMs }, { lease, error, progress });
  if (failed === undefined) return leaseLost(run);
  const facts = { err: error, code: error.code, remedy: error.remedy };
  switch (failed.type) {
    case 'retry':
      deps.log.warn({ ...facts, attempt: failed.attempt, delayMs: failed.delayMs }, 'Operation failed, it will be tried again');
      return { outcome: 'retried', settled: { type: 'again', delayMs: failed.delayMs } };
    case 'superseded':
      deps.log.info(facts, 'Operation failed, but a newer desired state replaces it');
      return { outcome: 'superseded', settled: { type: 'done' } };
    case 'cancelled':
      deps.log.info('Operation cancelled');
      return { outcome: 'cancelled', settled: settledBy(await routePublished(run)) };
    case 'dead':
      deps.log.error({ ...facts, attempt: failed.attempt }, 'Operation failed for good');
      await announceDeath(run, error);
      return { outcome: 'dead', settled: settledBy(await routePublished(run)) };
  }
}

async function announceDeath({ deps, lease }: OperationRun, { code, message }: OperationError): Promise<void> {
  const { jobId, appId, operationId } = lease;
  await publishDeadLetter(deps.nats, { jobId, appId, operationId, code, message }).catch((error: unknown) =>
    deps.log.warn({ err: error }, 'The dead letter could not be announced'),
  );
}

async function handBack({ deps, lease }: OperationRun): Promise<Settled> {
  await deps.db.transaction().execute((tx) => abandonOperation(tx, { ...lease, reason: 'handed_back' }));
  deps.log.info('Operation handed back');
  return { outcome: 'handed_back', settled: { type: 'again', delayMs: 0 } };
}

/** Whoever has the lease now does the job; this message comes back when it is long done, and is then settled without work. */
function leaseLost({ deps }: OperationRun): Settled {
  return { outcome: 'lease_lost', settled: { type: 'again', delayMs: deps.times.ttlMs } };
}
