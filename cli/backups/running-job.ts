import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ClusterJobOptions } from './cluster-job.ts';

/** On Jobs that a command has made; those of the schedule have none. */
export const manualAnnotation = { 'cronjob.kubernetes.io/instantiate': 'manual' } as const;

const containersSchema = z.array(z.looseObject({ name: z.string(), args: z.array(z.string()).default([]) })).default([]);
const jobsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        annotations: z.record(z.string(), z.string()).default({}),
        creationTimestamp: z.string(),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({
        template: z.object({ spec: z.object({ initContainers: containersSchema, containers: containersSchema }) }),
      }),
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }).prefault({}),
    }),
  ),
});

/**
 * The Job of the same task that a command has begun and not followed to its end, as it was killed. A second one would only find the first in its way.
 *
 * @returns undefined if there is none, or the cluster does not answer
 */
export async function findRunningJob({
  kubectl,
  namespace,
  cronJob,
  args,
}: ClusterJobOptions): Promise<{ name: string; since: string } | undefined> {
  const { exitCode, stdout } = await kubectl(['get', 'jobs', '--namespace', namespace, '--output', 'json']);
  if (exitCode !== 0 || stdout === '') return undefined;
  const running = jobsSchema.parse(JSON.parse(stdout)).items.find(({ metadata, spec, status }) => {
    const { initContainers, containers } = spec.template.spec;
    return (
      metadata.deletionTimestamp === undefined &&
      Object.entries(manualAnnotation).every(([key, value]) => metadata.annotations[key] === value) &&
      !status.conditions.some(({ type, status: holds }) => holds === 'True' && (type === 'Complete' || type === 'Failed')) &&
      [...initContainers, ...containers].some((container) => container.name === cronJob && isDeepStrictEqual(container.args, [...args]))
    );
  });
  return running && { name: running.metadata.name, since: running.metadata.creationTimestamp };
}
