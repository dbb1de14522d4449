import { z } from 'zod';
import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import { clusterSettings } from '../../toolchain/cluster/settings.ts';
import { runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { pauseAnnotation } from '../backups/pause-services.ts';
import { readClusterIdentity, refuseOtherCluster } from '../platform/cluster-identity.ts';
import { expectedObjects, missingObjects } from '../platform/missing-objects.ts';
import type { PlatformObject } from '../platform/missing-objects.ts';
import { answersReady, platformAddresses } from '../platform/platform-urls.ts';
import { findStack, rememberedCluster } from '../platform/remembered-cluster.ts';
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
      metadata: z.object({ name: z.string(), namespace: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
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
  const parts = [...(await clusterParts(context)), ...(await objectParts(context)), ...(await frontDoors(context))];
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

/** What is in the cluster, and what should be; nothing of another cluster than the state's. */
async function objectParts(context: CliContext): Promise<Part[]> {
  if (context.kind === 'local' && (await readClusterStatus(context.cluster)) === undefined) return [];
  const access = { kubectl: await findKubectl(context), kubeconfig: context.kubeconfig };
  try {
    const [present, stack] = await Promise.all([readClusterIdentity(access), findStack(context)]);
    if (stack === undefined) return await workloadParts(context, access.kubectl);
    const [remembered, expected] = await Promise.all([rememberedCluster(stack), expectedObjects(stack)]);
    refuseOtherCluster(context, remembered, present);
    const [workloads, missing] = await Promise.all([workloadParts(context, access.kubectl), missingObjects(access, expected)]);
    return [...workloads, ...missingParts(missing)];
  } catch (error) {
    const detail = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    return [{ part: 'kubernetes', healthy: false, detail, address: context.kubeconfig }];
  }
}

/** More say no more: the platform is gone. */
const maxMissing = 20;

function missingParts(missing: readonly PlatformObject[]): Part[] {
  const part = (name: string): Part => ({ part: name, healthy: false, detail: 'missing: ./authsome up makes it again', address: '' });
  const names = missing.map(({ kind, namespace, name }) => `${namespace === undefined ? '' : `${namespace}/`}${kind} ${name}`);
  const rest = names.length - maxMissing;
  return [...names.slice(0, maxMissing), ...(rest > 0 ? [`and ${rest} more objects`] : [])].map(part);
}

async function workloadParts(context: CliContext, kubectl: string): Promise<Part[]> {
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
    const part = `${metadata.namespace}/${metadata.name}`;
    if (metadata.annotations[pauseAnnotation] !== undefined) {
      const detail = 'paused by a restore: ./authsome restore BACKUP goes on, restore --abandon starts it';
      return { part, healthy: false, detail, address: '' };
    }
    // No part of the platform is meant to have no pods.
    if (wanted === 0) return { part, healthy: false, detail: 'scaled to 0: ./authsome up puts it back', address: '' };
    return { part, healthy: ready >= wanted, detail: `${ready} of ${wanted} ready`, address: '' };
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
