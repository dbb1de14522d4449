import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive } from './process-table.ts';
import type { ClusterPaths } from './settings.ts';

export const processIdentitySchema = z.object({ pid: z.int(), startTicks: z.string() });

const componentStatusSchema = z.object({
  name: z.string(),
  pid: z.int().nullable(),
  ready: z.boolean(),
  restarts: z.int(),
  /** Why it is not running, in a line. */
  reason: z.string().nullable(),
});

/** What the supervisor last wrote of itself. */
export const clusterStatusSchema = z.object({
  phase: z.enum(['starting', 'running', 'stopping', 'failed']),
  /** Hash of what the cluster was started with: programs and configuration. A different one needs a restart. */
  version: z.string(),
  message: z.string().nullable(),
  components: z.array(componentStatusSchema),
});

export type ClusterStatus = z.output<typeof clusterStatusSchema>;
export type ComponentStatus = z.output<typeof componentStatusSchema>;

/** The supervisor's own words, or undefined where no supervisor of this state folder lives. */
export async function readClusterStatus(paths: ClusterPaths): Promise<ClusterStatus | undefined> {
  const supervisor = await readSupervisor(paths);
  if (supervisor === undefined || !(await isAlive(supervisor))) return undefined;
  const text = await readFile(paths.status, 'utf8').catch(() => undefined);
  const parsed = clusterStatusSchema.safeParse(text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? parsed.data : { phase: 'starting', version: '', message: null, components: [] };
}

export async function readSupervisor(paths: ClusterPaths): Promise<z.output<typeof processIdentitySchema> | undefined> {
  const text = await readFile(paths.supervisorPid, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : processIdentitySchema.safeParse(JSON.parse(text)).data;
}
