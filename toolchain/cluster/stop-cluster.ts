import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanNode } from './clean-node.ts';
import { readClusterStatus, readSupervisor } from './cluster-status.ts';
import { findOtherCluster, releaseMachine } from './machine-claim.ts';
import { endProcesses, isAlive } from './process-table.ts';
import type { ClusterPaths } from './settings.ts';

/** Pods get 10 s, components a few more; after this the supervisor itself is ended and the node cleaned from outside. */
const stopTimeoutMs = 60_000;

/** Stops the cluster and leaves nothing of it running or mounted; its data stays. Idempotent. */
export async function stopCluster(paths: ClusterPaths, say: (line: string) => void): Promise<void> {
  const supervisor = await readSupervisor(paths);
  if (supervisor !== undefined && (await isAlive(supervisor))) {
    process.kill(supervisor.pid, 'SIGTERM');
    const deadline = Date.now() + stopTimeoutMs;
    while ((await isAlive(supervisor)) && Date.now() < deadline) {
      const running = (await readClusterStatus(paths))?.components.filter(({ pid }) => pid !== null).map(({ name }) => name) ?? [];
      say(`stopping ${running.join(', ')}`);
      await delay(200);
    }
    await endProcesses([supervisor], 0);
  }
  // The bridge and the rules are the machine's: while another checkout's cluster runs, they are that one's.
  if ((await findOtherCluster(paths))?.running === true) return;
  await cleanNode(paths);
  await releaseMachine();
}

/** Removes the data of a stopped cluster: state, volumes, images, logs. */
export async function purgeCluster(paths: ClusterPaths): Promise<void> {
  for (const folder of [paths.dir, paths.volumes]) {
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .filter((line) => line.split(' ')[4]?.startsWith(`${folder}/`));
    if (mounts.length > 0) throw new Error(`${folder} still holds ${mounts.length} mounts: nothing was removed`);
    await rm(folder, { recursive: true, force: true });
  }
}
