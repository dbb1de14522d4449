import { z } from 'zod';
import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import { clusterSettings } from '../../toolchain/cluster/settings.ts';
import { runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { answersReady, platformAddresses } from '../platform/platform-urls.ts';
import { findKubectl } from '../platform/tools.ts';
import { printJson, printTable } from '../print.ts';

interface Part {
  part: string;
  healthy: boolean;
  detail: string;
  address: string;
}

const workloadsSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      spec: z.object({ replicas: z.int().optional() }),
      status: z.object({ readyReplicas: z.int().optional() }).optional(),
    }),
  ),
});

/**
 * `authsome status`: each part, whether it is well, and where it is.
 *
 * @returns whether every part is healthy
 */
export async function status(context: CliContext): Promise<boolean> {
  const parts = [...(await clusterParts(context)), ...(await workloadParts(context)), ...(await frontDoors(context))];
  if (context.json) printJson(parts);
  else
    printTable(
      ['PART', 'HEALTH', 'DETAIL', 'ADDRESS'],
      parts.map(({ part, healthy, detail, address }) => [part, healthy ? 'ok' : 'DOWN', detail, address]),
    );
  return parts.every(({ healthy }) => healthy);
}

async function clusterParts(context: CliContext): Promise<Part[]> {
  if (context.kind === 'external') return [];
  const cluster = await readClusterStatus(context.cluster);
  const address = `https://${clusterSettings.nodeIp}:${clusterSettings.apiPort}`;
  if (cluster === undefined) return [{ part: 'local cluster', healthy: false, detail: 'stopped: ./authsome up starts it', address }];
  const components = cluster.components.map(({ name, ready, restarts, reason, pid }) => ({
    part: name,
    healthy: ready,
    detail: ready ? `pid ${pid}${restarts > 0 ? `, ${restarts} restarts` : ''}` : (reason ?? 'not ready'),
    address: '',
  }));
  return [
    { part: 'local cluster', healthy: cluster.phase === 'running', detail: cluster.message ?? cluster.phase, address },
    ...components,
  ];
}

async function workloadParts(context: CliContext): Promise<Part[]> {
  if (context.kind === 'local' && (await readClusterStatus(context.cluster)) === undefined) return [];
  const kubectl = await findKubectl(context);
  const args = [
    '--kubeconfig',
    context.kubeconfig,
    '--request-timeout=10s',
    'get',
    'deployments,statefulsets',
    '--all-namespaces',
    '--selector',
    'app.kubernetes.io/part-of=authsome',
    '--output',
    'json',
  ];
  const answer = await runCommand(kubectl, args).catch((error: unknown) => error as Error);
  if (answer instanceof Error)
    return [{ part: 'kubernetes', healthy: false, detail: answer.message.split('\n').at(-1) ?? '', address: context.kubeconfig }];
  return workloadsSchema.parse(JSON.parse(answer)).items.map(({ metadata, spec, status: state }) => {
    const [ready, wanted] = [state?.readyReplicas ?? 0, spec.replicas ?? 1];
    return { part: `${metadata.namespace}/${metadata.name}`, healthy: ready >= wanted, detail: `${ready} of ${wanted} ready`, address: '' };
  });
}

async function frontDoors(context: CliContext): Promise<Part[]> {
  return Promise.all(
    platformAddresses(context).map(async ([name, url]) => {
      const healthy = await answersReady(url);
      return { part: `${name} API`, healthy, detail: healthy ? 'ready' : 'does not answer', address: url };
    }),
  );
}
