import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive } from './process-table.ts';
import { writeAtomically } from '../write-atomically.ts';
import { processIdentitySchema, readSupervisor } from './cluster-status.ts';
import { clusterPaths } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

/** One local cluster a machine: addresses, ports and the bridge are the machine's. This file says whose it is. */
const claimFile = '/run/authsome-cluster.json';

const claimSchema = z.object({ clusterDir: z.string(), volumesDir: z.string(), supervisor: processIdentitySchema });

export type MachineClaim = z.output<typeof claimSchema>;

/** Another checkout's cluster, if this machine has one: running, or left behind by a power cut. */
export async function findOtherCluster(paths: ClusterPaths): Promise<{ paths: ClusterPaths; running: boolean } | undefined> {
  const text = await readFile(claimFile, 'utf8').catch(() => undefined);
  const claim = claimSchema.safeParse(text === undefined ? undefined : JSON.parse(text)).data;
  if (claim === undefined || claim.clusterDir === paths.dir) return undefined;
  return { paths: clusterPaths(claim), running: await isAlive(claim.supervisor) };
}

export async function claimMachine(paths: ClusterPaths): Promise<void> {
  const supervisor = await readSupervisor(paths);
  await writeAtomically(claimFile, JSON.stringify({ clusterDir: paths.dir, volumesDir: paths.volumes, supervisor }));
}

export async function releaseMachine(): Promise<void> {
  await rm(claimFile, { force: true });
}
