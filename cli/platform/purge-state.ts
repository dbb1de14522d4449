import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { purgeCluster, stopCluster } from '../../toolchain/cluster/stop-cluster.ts';
import { createAtomically } from '../../toolchain/write-atomically.ts';
import { lockFiles } from '../checkout-lock.ts';
import type { CliContext } from '../context.ts';

/** In the state folder, from the first removal of a purge to its last: without it half a state, such as one without its passphrase, would be taken for a whole one. */
const markerFile = 'purge-begun';

/**
 * Stops the local cluster and removes everything of this checkout's platform but the lock, which is held. Killed at any moment it can be done again. Call it as the holder of the checkout's lock.
 */
export async function purgeState(context: Pick<CliContext, 'paths' | 'cluster'>, say: (line: string) => void): Promise<void> {
  await stopCluster(context.cluster, say);
  await removeState(context);
}

/** The same for a cluster that is stopped. */
export async function removeState({ paths, cluster }: Pick<CliContext, 'paths' | 'cluster'>): Promise<void> {
  const marker = join(paths.stateDir, markerFile);
  await createAtomically(marker, '');
  await purgeCluster(cluster);
  const kept = new Set<string>([markerFile, ...Object.values(lockFiles)]);
  for (const name of await readdir(paths.stateDir)) {
    if (!kept.has(name)) await rm(join(paths.stateDir, name), { recursive: true, force: true });
  }
  // Made by the first `up`; its salt belongs to the passphrase that has just gone.
  await rm(join(paths.repoRoot, 'stacks', 'Pulumi.local.yaml'), { force: true });
  await rm(marker, { force: true });
}

/** Whether a purge was begun and killed. */
export function isPurgeUnfinished({ paths }: Pick<CliContext, 'paths'>): Promise<boolean> {
  return access(join(paths.stateDir, markerFile)).then(
    () => true,
    () => false,
  );
}
