import type { Log } from '../../shared/log.ts';
import type { Cluster } from './connect-cluster.ts';
import { releaseNamespace } from './release-namespace.ts';

export interface KeepReleasing {
  appId: string;
  namespace: string;
  patienceMs: number;
  log: Log;
}

/** Between two looks; the first comes after one, as most destructions are done by then. */
const intervalMs = 15_000;

/**
 * While an application is destroyed: lets go what its own controllers don't, so that the destruction goes on instead of waiting for its
 * limit. What fails is tried again at the next look.
 *
 * @returns the function that ends it
 */
export function keepReleasing(cluster: Cluster, { log, ...release }: KeepReleasing): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const released = await releaseNamespace(cluster, release);
      if (released.length > 0) log.warn({ released, namespace: release.namespace }, 'Let go what kept a namespace from ending');
    } catch (err) {
      log.warn({ err, namespace: release.namespace }, 'A namespace could not be looked at');
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), Math.min(intervalMs, release.patienceMs));
  return () => clearInterval(timer);
}
