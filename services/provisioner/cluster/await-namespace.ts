import { setTimeout as delay } from 'node:timers/promises';
import { diagnoseNamespace } from '../diagnosis/diagnose-namespace.ts';
import { OperationError } from '../operation-error.ts';
import type { Wait } from './await-cluster.ts';
import type { Cluster } from './connect-cluster.ts';
import { readNamespace } from './tenant-namespaces.ts';

const intervalMs = 1_000;

/**
 * Waits for a namespace that somebody deletes to be gone, since nothing can be made in it. A cluster that doesn't answer is left to the
 * operation itself.
 *
 * @returns whether it went away meanwhile: what the stack says of it and of all that was in it is not true any more
 * @throws OperationError namespace_terminating, naming what keeps it, once the time is over
 */
export async function awaitNamespace(cluster: Cluster, { namespace, onWait, signal, limitMs }: Wait): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (let waited = false; ; waited = true) {
    const found = await readNamespace(cluster, namespace).catch(() => undefined);
    const ending = found && diagnoseNamespace(found);
    if (ending === undefined) return waited;
    if (!waited) onWait();
    if (performance.now() + intervalMs > deadline) throw new OperationError({ ...ending, unclean: true });
    await delay(intervalMs, undefined, { signal });
  }
}
