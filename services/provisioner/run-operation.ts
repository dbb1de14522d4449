import type { TenantOutputs } from '../../tenant-program/spec.ts';
import { abandonOperation } from './abandon-operation.ts';
import { recordPhases } from './close-operation.ts';
import type { Outcome } from './consumer.ts';
import { failOperation } from './fail-operation.ts';
import { finishOperation } from './finish-operation.ts';
import { keepLease } from './keep-lease.ts';
import type { Lease } from './lease.ts';
import { openSpecSource } from './open-spec-source.ts';
import { OperationError, toOperationError } from './operation-error.ts';
import { createOperationProgress } from './operation-progress.ts';
import type { OperationProgress } from './operation-progress.ts';
import { publishDeadLetter } from './publish-jobs.ts';
import type { ReconcileDependencies } from './reconcile-application.ts';
import type { StopReason } from './running-operations.ts';
import { syncRoute } from './sync-route.ts';
import { buildTenantSpec } from './tenant-settings.ts';

/** A job that has cost so many workers their life is the cause, not the victim; rolling restarts hand back and don't count. */
const maxLostWorkers = 10;
const routeRetryDelayMs = 2_000;

type OperationOutcome = 'succeeded' | 'retried' | 'dead' | 'superseded' | 'handed_back' | 'lease_lost';

interface Run {
  deps: ReconcileDependencies;
  lease: Lease;
  progress: OperationProgress;
  /** Aborted with the StopReason. */
  stop: AbortSignal;
}

/**
 * Carries a leased operation out: child process, then its outcome, each written under the fence of the lease.
 *
 * @param working called while the lease is held, to keep the job's message
 */
export async function runOperation(deps: ReconcileDependencies, lease: Lease, working: () => void): Promise<Outcome> {
  const log = deps.log.child({ operationId: lease.operationId, kind: lease.kind, generation: lease.generation });
  const stop = new AbortController();
  const progress = createOperationProgress(lease);
  // Until the child says what it does.
  progress.enter('starting', lease.startedAt);
  const run: Run = { deps: { ...deps, log }, lease, progress, stop: stop.signal };
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
    const { outcome, settled } = await attempt(run, { working, lose: () => stop.abort('lease-lost' satisfies StopReason) });
    endTimer({ outcome });
    deps.metrics.operations.inc({ kind: lease.kind, outcome });
    return settled;
  } finally {
    deps.metrics.running.dec();
    remove();
  }
}

interface Settled {
  outcome: OperationOutcome;
  settled: Outcome;
}

async function attempt(run: Run, { working, lose }: { working: () => void; lose: () => void }): Promise<Settled> {
  const { deps, lease, progress } = run;
  const keeper = keepLease({ ...deps, ...deps.times, lease, progress, onHeld: working, onLost: lose });
  try {
    const outputs = await runStack(run, () => keeper.flush());
    progress.enter('store-outputs');
    return await succeed(run, outputs);
  } catch (error) {
    return await giveUp(run, toOperationError(error));
  } finally {
    keeper.stop();
  }
}

function runStack({ deps, lease, progress, stop }: Run, flush: () => void): Promise<TenantOutputs | null> {
  if (lease.lostWorkers >= maxLostWorkers) {
    throw new OperationError({
      code: 'worker_lost',
      message: 'Every worker that tried this operation was lost.',
      retryable: false,
      unclean: true,
    });
  }
  const kind = lease.kind === 'destroy' ? 'destroy' : 'up';
  const source = openSpecSource(lease.source, { kind, box: deps.box });
  return deps.children.run({
    request: { kind, spec: buildTenantSpec(source, deps.settings, kind), takeover: lease.takeover },
    stop,
    onPhase: (name) => {
      progress.enter(name);
      flush();
    },
    onResource: (change, resource) => progress.count(change, resource),
    log: deps.log,
  });
}

async function succeed(run: Run, outputs: TenantOutputs | null): Promise<Settled> {
  const { deps, lease, progress } = run;
  const finished = await finishOperation(deps, { lease, outputs, progress });
  if (finished === undefined) return leaseLost(run);
  if (finished.timeToReadyMs !== null) deps.metrics.timeToReadySeconds.observe(finished.timeToReadyMs / 1000);
  deps.log.info({ timeToReadyMs: finished.timeToReadyMs }, 'Operation succeeded');

  progress.enter('publish-route');
  const routed = await routePublished(run);
  return { outcome: 'succeeded', settled: routed ? { type: 'done' } : { type: 'again', delayMs: routeRetryDelayMs } };
}

/** The outcome is committed: from here on nothing may turn the operation into a failed one. */
async function routePublished({ deps, lease, progress }: Run): Promise<boolean> {
  try {
    await syncRoute(deps, lease.appId);
    await recordPhases(deps.db, lease, progress.closedSnapshot());
    return true;
  } catch (error) {
    deps.log.warn({ err: error }, 'The route could not be published');
    return false;
  }
}

async function giveUp(run: Run, error: OperationError): Promise<Settled> {
  const { deps, lease, progress } = run;
  if (run.stop.aborted) return run.stop.reason === ('shutdown' satisfies StopReason) ? handBack(run) : leaseLost(run);

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
    case 'dead':
      deps.log.error({ ...facts, attempt: failed.attempt }, 'Operation failed for good');
      await announceDeath(run, error);
      return { outcome: 'dead', settled: (await routePublished(run)) ? { type: 'done' } : { type: 'again', delayMs: routeRetryDelayMs } };
  }
}

async function announceDeath({ deps, lease }: Run, { code, message }: OperationError): Promise<void> {
  const { jobId, appId, operationId } = lease;
  await publishDeadLetter(deps.nats, { jobId, appId, operationId, code, message }).catch((error: unknown) =>
    deps.log.warn({ err: error }, 'The dead letter could not be announced'),
  );
}

async function handBack({ deps, lease }: Run): Promise<Settled> {
  await deps.db.transaction().execute((tx) => abandonOperation(tx, { ...lease, reason: 'handed_back' }));
  deps.log.info('Operation handed back');
  return { outcome: 'handed_back', settled: { type: 'again', delayMs: 0 } };
}

/** Whoever has the lease now does the job; this message comes back when it is long done, and is then settled without work. */
function leaseLost({ deps }: Run): Settled {
  return { outcome: 'lease_lost', settled: { type: 'again', delayMs: deps.times.ttlMs } };
}
