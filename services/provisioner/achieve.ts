import { tenantNames } from '../../tenant-program/names.ts';
import type { TenantOutputs, TenantSpec } from '../../tenant-program/spec.ts';
import { awaitCluster } from './cluster/await-cluster.ts';
import type { Wait } from './cluster/await-cluster.ts';
import { awaitNamespace } from './cluster/await-namespace.ts';
import { keepReleasing } from './cluster/keep-releasing.ts';
import { openSecrets } from './cluster/open-secrets.ts';
import { createEventLog } from './event-log.ts';
import type { Achievement } from './finish-operation.ts';
import { proveDeletion } from './inventory/prove-deletion.ts';
import { readRemoved } from './inventory/read-removed.ts';
import type { Lease } from './lease.ts';
import { openSpecSource } from './open-spec-source.ts';
import { OperationError, toOperationError } from './operation-error.ts';
import type { OperationProgress } from './operation-progress.ts';
import { verifyingLimitMs } from './phase-limits.ts';
import type { ReconcileDependencies } from './reconcile-application.ts';
import { buildTenantSpec } from './tenant-settings.ts';

export interface OperationRun {
  deps: ReconcileDependencies;
  lease: Lease;
  progress: OperationProgress;
  /** Aborted with the StopReason. */
  stop: AbortSignal;
}

/** A job that has cost so many workers their life is the cause, not the victim; rolling restarts hand back and don't count. */
const maxLostWorkers = 10;

/**
 * Brings the stack to what the lease says, in a child process, and makes sure of what surrounds it: that nothing is made in a namespace
 * that ends, and that nothing is left of what is to be gone.
 *
 * @param flush writes the progress now
 * @throws OperationError for everything that can go wrong
 */
export async function achieve(run: OperationRun, flush: () => void): Promise<Achievement> {
  const { lease } = run;
  if (lease.lostWorkers >= maxLostWorkers) {
    throw new OperationError({
      code: 'worker_lost',
      message: 'Every worker that tried this operation was lost.',
      retryable: false,
      unclean: true,
    });
  }
  await untilClusterAnswers(run, flush);
  return lease.desired === 'absent' ? destroy(run, flush) : bringUp(run, flush);
}

/** An API server that restarts must not use up the few attempts that an operation has. */
async function untilClusterAnswers(run: OperationRun, flush: () => void): Promise<void> {
  const { deps, progress } = run;
  const waited = await awaitCluster(deps.cluster, waitFor(run, { phase: 'awaiting-cluster', limitMs: deps.times.clusterWaitMs, flush }));
  if (waited) progress.enter('starting');
}

/** A wait, shown as a phase of its own where there is something to wait for. */
function waitFor(
  { lease, progress, stop }: OperationRun,
  { phase, limitMs, flush }: { phase: string; limitMs: number; flush: () => void },
): Wait {
  const onWait = (): void => {
    progress.enter(phase);
    flush();
  };
  return { namespace: tenantNames(lease.appId).namespace, limitMs, signal: stop, onWait };
}

async function bringUp(run: OperationRun, flush: () => void): Promise<Achievement> {
  const { deps, lease, progress } = run;
  const wait = waitFor(run, { phase: 'awaiting-namespace', limitMs: deps.times.namespaceWaitMs, flush });
  const replaced = await awaitNamespace(deps.cluster, wait);
  if (replaced) progress.enter('starting');
  const outputs = await runStack(run, { kind: 'up', takeover: lease.takeover || replaced }, flush);
  // Of an up there always are.
  return { type: 'up', outputs: outputs as TenantOutputs };
}

/**
 * Removes the stack, and then whatever a stack that was not true has left. A stack that can't be destroyed, however often, must not keep an
 * application's data for ever: then everything is removed without it, piece by piece.
 */
async function destroy(run: OperationRun, flush: () => void): Promise<Achievement> {
  const { deps, lease, progress, stop } = run;
  const { appId } = lease;
  const failure = await destroyStack(run, flush);
  progress.enter('verifying');
  flush();
  const proof = await proveDeletion({ inventory: deps.inventory, appId, signal: stop, limitMs: verifyingLimitMs }).catch(
    (error: unknown) => {
      if (failure === undefined) throw error;
      deps.log.warn({ err: error }, 'Not everything could be removed without the stack either');
      throw failure;
    },
  );
  if (proof.removed.length > 0) deps.log.info({ removed: proof.removed }, 'Removed what the stack had left');
  return { type: 'destroyed', removed: [...(await readRemoved(deps.db, appId)), ...proof.removed], verified: proof.verified };
}

/**
 * @returns why the stack could not be destroyed, where no further attempt would be made
 * @throws OperationError where one will be
 */
async function destroyStack(run: OperationRun, flush: () => void): Promise<OperationError | undefined> {
  const { deps, lease, stop } = run;
  const { appId } = lease;
  const { namespace } = tenantNames(appId);
  const stopReleasing = keepReleasing(deps.cluster, { appId, namespace, patienceMs: deps.times.namespacePatienceMs, log: deps.log });
  try {
    await runStack(run, { kind: 'destroy', takeover: lease.takeover }, flush);
    return undefined;
  } catch (error) {
    const failure = toOperationError(error);
    if (stop.aborted || (failure.retryable && !lease.lastAttempt)) throw failure;
    deps.log.warn({ err: failure, code: failure.code }, 'The stack could not be destroyed: what it holds is removed without it');
    return failure;
  } finally {
    stopReleasing();
  }
}

async function runStack(
  run: OperationRun,
  { kind, takeover }: { kind: 'up' | 'destroy'; takeover: boolean },
  flush: () => void,
): Promise<TenantOutputs | null> {
  const { deps, lease, progress, stop } = run;
  const source = openSpecSource(lease.source, { kind, box: deps.box });
  const spec = buildTenantSpec(source, deps.settings, kind);
  await openNamespace(run, { spec, takeover, flush });
  const events = createEventLog({ ...deps, lease });
  try {
    return await deps.children.run({
      request: { kind, spec, takeover },
      stop,
      onPhase: (name) => {
        progress.enter(name);
        flush();
      },
      onResource: (event) => {
        if (event.status === 'done') progress.count(event.change, event.resourceName);
        events.add(event);
      },
      log: deps.log,
    });
  } finally {
    await events.close();
  }
}

/**
 * A takeover compares the stack with the cluster first, so that even the Secrets of a namespace that is gone must be readable: it is made
 * again, empty. One that is on its way out takes no rights; its end is waited for.
 */
async function openNamespace(
  run: OperationRun,
  { spec, takeover, flush }: { spec: TenantSpec; takeover: boolean; flush: () => void },
): Promise<void> {
  const { deps, progress, stop } = run;
  const { systemNamespace } = deps.settings.cluster;
  const open = (): Promise<boolean> => openSecrets(deps.cluster, { spec, systemNamespace, makeNamespace: takeover, signal: stop });
  if ((await open()) || !takeover) return;
  await awaitNamespace(deps.cluster, waitFor(run, { phase: 'awaiting-namespace', limitMs: deps.times.namespaceWaitMs, flush }));
  progress.enter('starting');
  await open();
}
