import { setTimeout as delay } from 'node:timers/promises';
import { OperationError } from '../operation-error.ts';
import type { Cluster } from './connect-cluster.ts';
import { readNamespace } from './tenant-namespaces.ts';

export interface Wait {
  /** The application's, whether it is there or not. */
  namespace: string;
  /** Called once, where there is something to wait for. */
  onWait: () => void;
  /** Aborted to stop. */
  signal: AbortSignal;
  /** How long to wait, in milliseconds. */
  limitMs: number;
}

const intervalMs = 500;

/**
 * Waits until the API server answers what this process may ask: one that has just started refuses everything for a moment, as it does
 * not know anybody's rights yet.
 *
 * @returns whether it had to be waited for
 * @throws OperationError cluster_unavailable once the time is over
 */
export async function awaitCluster(cluster: Cluster, { namespace, onWait, signal, limitMs }: Wait): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (let waited = false; ; waited = true) {
    const refusal = await readNamespace(cluster, namespace).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (refusal === undefined) return waited;
    if (!waited) onWait();
    if (performance.now() + intervalMs > deadline) throw unavailable(refusal.error);
    await delay(intervalMs, undefined, { signal });
  }
}

function unavailable(cause: unknown): OperationError {
  return new OperationError({
    code: 'cluster_unavailable',
    message: 'The cluster did not answer in time.',
    remedy: "Check the cluster's API server, and the rights of the provisioner's account there.",
    retryable: true,
    // An attempt before this one may have been cut off.
    unclean: true,
    cause,
  });
}
