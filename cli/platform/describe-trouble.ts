import { z } from 'zod';
import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import { runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';

/** Enough to see the error that ended a process, not so much that it hides the other pods'. */
const logLines = 15;
/** A platform that can't start at all has every pod in trouble: the first few say why. */
const maxContainers = 6;
const partOfPlatform = 'app.kubernetes.io/part-of=authsome';

const containerSchema = z.object({
  name: z.string(),
  ready: z.boolean(),
  restartCount: z.int(),
  state: z
    .object({
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      terminated: z.object({ exitCode: z.int(), reason: z.string().optional() }).optional(),
    })
    .default({}),
});

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      status: z.object({
        phase: z.string(),
        conditions: z
          .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional(), message: z.string().optional() }))
          .default([]),
        containerStatuses: z.array(containerSchema).default([]),
      }),
    }),
  ),
});

type Pod = z.output<typeof podsSchema>['items'][number];

/**
 * What stands in the way of a platform that did not become ready, in the words of the parts themselves: pods that are not ready with the end
 * of their logs, and components of the local cluster that had to be started again. Never throws: it is called when something has failed already.
 */
export async function describeTrouble(context: CliContext, kubectl: string): Promise<string> {
  const found = await Promise.all([componentTrouble(context), podTrouble(context, kubectl)]);
  return found.flat().join('\n');
}

async function componentTrouble(context: CliContext): Promise<string[]> {
  if (context.kind === 'external') return [];
  const status = await readClusterStatus(context.cluster).catch(() => undefined);
  if (status === undefined) return ['The local cluster is not running: see ./authsome status'];
  return status.components
    .filter(({ ready, restarts }) => !ready || restarts > 0)
    .map(({ name, ready, restarts, reason }) => `${name}: ${ready ? 'ready' : 'not ready'}, ${restarts} restarts, last: ${reason ?? '-'}`);
}

async function podTrouble(context: CliContext, kubectl: string): Promise<string[]> {
  const run = (args: readonly string[]): Promise<string> =>
    runCommand(kubectl, ['--kubeconfig', context.kubeconfig, '--request-timeout=10s', ...args]);
  try {
    const { items } = podsSchema.parse(
      JSON.parse(await run(['get', 'pods', '--all-namespaces', '--selector', partOfPlatform, '--output', 'json'])),
    );
    const lines = items.filter(({ status }) => status.phase === 'Pending').flatMap(describePending);
    const containers = items.flatMap((pod) => pod.status.containerStatuses.filter(isInTrouble).map((container) => ({ pod, container })));
    for (const { pod, container } of containers.slice(0, maxContainers)) {
      const { waiting, terminated } = container.state;
      const state = waiting?.reason ?? terminated?.reason ?? 'not ready';
      lines.push(`Pod ${pod.metadata.name}: ${state}, ${container.restartCount} restarts. ${waiting?.message ?? ''}`.trimEnd());
      const { name, namespace } = pod.metadata;
      const log = ['logs', name, '--namespace', namespace, '--container', container.name, `--tail=${logLines}`];
      const written = await run(log).catch(() => '');
      lines.push(
        ...written
          .trimEnd()
          .split('\n')
          .filter(Boolean)
          .map((line) => `  ${line}`),
      );
    }
    return lines;
  } catch (error) {
    return [`The pods could not be asked: ${error instanceof Error ? (error.message.split('\n').at(-1) ?? '') : String(error)}`];
  }
}

function describePending({ metadata, status }: Pod): string[] {
  return status.conditions
    .filter((condition) => condition.type === 'PodScheduled' && condition.status === 'False')
    .map(({ reason, message }) => `Pod ${metadata.name}: ${reason ?? 'not scheduled'}: ${message ?? ''}`);
}

function isInTrouble({ ready, state }: z.output<typeof containerSchema>): boolean {
  return !ready && state.terminated?.exitCode !== 0;
}
