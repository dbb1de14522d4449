import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ClusterPaths } from '../../toolchain/cluster/settings.ts';

export interface PlatformPods {
  /** @throws Error where kubectl fails */
  kubectl: (args: readonly string[]) => Promise<string>;
  /** The platform's own. */
  namespace: string;
  cluster: ClusterPaths;
}

export const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        phase: z.string(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
        containerStatuses: z.array(z.object({ containerID: z.string().optional() })).default([]),
      }),
    }),
  ),
});

/**
 * The id of the container in which a part of the local platform runs now.
 *
 * @param part the value of its pod's label app.kubernetes.io/instance
 * @throws Error where it has not exactly one pod that is to stay, or its container is none of this checkout's cluster
 */
export async function platformContainer({ kubectl, namespace, cluster }: PlatformPods, part: string): Promise<string> {
  const selector = `app.kubernetes.io/instance=${part}`;
  const listing = await kubectl(['get', 'pods', '--namespace', namespace, '--selector', selector, '--output', 'json']);
  const pods = podsSchema.parse(JSON.parse(listing)).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const id = pods[0]?.status.containerStatuses[0]?.containerID?.replace('containerd://', '');
  if (pods.length !== 1 || id === undefined) throw new Error(`${part} has ${pods.length} pods, and needs one that runs`);
  // The containerd of this checkout has a folder for each container that it runs.
  await access(join(cluster.containerdState, 'io.containerd.runtime.v2.task', 'k8s.io', id));
  return id;
}
