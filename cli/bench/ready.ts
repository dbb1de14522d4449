import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { tenantNames } from '../../tenant-program/names.ts';
import { runCommand } from '../../toolchain/tools/run-command.ts';
import { waitUntilActive, waitUntilDeleted } from '../application-readiness.ts';
import type { CliContext } from '../context.ts';
import type { ControlClient, Operation } from '../control-client.ts';
import { operatorClient } from '../operator-client.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { findTools } from '../platform/tools.ts';
import { signUpBenchOwner } from './bench-owner.ts';
import { median } from './median.ts';

const rounds = 5;
/** Between rounds, so that each starts from a platform at rest. */
const settleMs = 5_000;
/** What a tenant stack puts into its namespace, and the namespace itself. */
const kinds = 'resourcequotas,limitranges,serviceaccounts,networkpolicies,secrets,configmaps,services,statefulsets,deployments';

/**
 * Time from POST /applications to status active, and, right after each, the time that `kubectl apply` and `rollout status` of the same
 * objects take in a namespace of their own: what the cluster alone needs.
 */
export async function benchReady(context: CliContext): Promise<object> {
  const client = await signUpBenchOwner(platformUrls(context).control);
  const operator = await operatorClient(context, platformUrls(context).control);
  const kubectl = (await findTools(context)).path('kubectl');
  const run = (args: readonly string[], input?: string): Promise<string> =>
    runCommand(kubectl, ['--kubeconfig', context.kubeconfig, ...args], {
      timeout: 180_000,
      ...(input === undefined ? {} : { stdin: 'pipe' as const, input }),
    });
  const figures: Record<string, Figures> = {};
  for (const plan of ['free', 'pro'] as const) {
    const workspaceId = (await client.createWorkspace(`Bench ${plan}`)).id;
    if (plan !== 'free') await operator.setPlan(workspaceId, plan);
    figures[plan] = await measurePlan({ client, workspaceId, run, plan });
  }
  const { free, pro } = figures;
  return { ...free, pro };
}

interface Figures {
  medianMs: number;
  kubectlMs: number;
  ratio: number;
}

interface PlanRun {
  client: ControlClient;
  workspaceId: string;
  run: (args: readonly string[], input?: string) => Promise<string>;
  plan: 'free' | 'pro';
}

async function measurePlan({ client, workspaceId, run, plan }: PlanRun): Promise<Figures> {
  const readyMs: number[] = [];
  const kubectlMs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const { id, elapsedMs } = await timeProvisioning(client, workspaceId, round);
    readyMs.push(elapsedMs);
    kubectlMs.push(await timeKubectl(run, id, rolledOut[plan]));
    const [operation] = await client.operations(id);
    console.log(`${plan}, round ${round}: ready ${readyMs.at(-1)} ms (${phases(operation)}), kubectl ${kubectlMs.at(-1)} ms`);
    await client.destroyApplication(id);
    await waitUntilDeleted(client, id);
    // The deletion before took the provisioner's prepared child process; a new one is there again within seconds.
    await delay(settleMs);
  }
  const [medianMs, kubectlMedianMs] = [median(readyMs), median(kubectlMs)];
  return { medianMs, kubectlMs: kubectlMedianMs, ratio: Math.round((medianMs / kubectlMedianMs) * 100) / 100 };
}

/**
 * What becomes ready by `kubectl apply` alone. The copy of a server of the tenant's own is empty, and no instance is ready without its
 * role and database: there the servers are waited for, and the instance is not.
 */
const rolledOut = {
  free: ['deployment/instance', 'statefulset/redis'],
  pro: ['statefulset/postgres', 'statefulset/redis'],
} as const;

async function timeProvisioning(client: ControlClient, workspaceId: string, round: number): Promise<{ id: string; elapsedMs: number }> {
  const startedAt = performance.now();
  const { id } = await client.createApplication(workspaceId, {
    name: 'Bench',
    slug: `bench-${Date.now().toString(36)}-${round}`,
    environment: 'development',
  });
  await waitUntilActive(client, id, () => undefined);
  return { id, elapsedMs: Math.round(performance.now() - startedAt) };
}

async function timeKubectl(
  run: (args: readonly string[], input?: string) => Promise<string>,
  applicationId: string,
  workloads: readonly string[],
): Promise<number> {
  const { namespace } = tenantNames(applicationId);
  const copy = `authsome-bench-${applicationId.slice(4)}`;
  const manifest = await copyOf(run, namespace, copy);
  try {
    const startedAt = performance.now();
    await run(['apply', '-f', '-'], manifest);
    await Promise.all(workloads.map((workload) => run(['rollout', 'status', '--namespace', copy, workload, '--timeout=120s'])));
    return Math.round(performance.now() - startedAt);
  } finally {
    await run(['delete', 'namespace', copy, '--wait=true']);
  }
}

const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/** The tenant's objects as they would be applied: no status, nothing the cluster filled in that another namespace could not have. */
async function copyOf(run: (args: readonly string[]) => Promise<string>, namespace: string, copy: string): Promise<string> {
  const source = objectSchema.parse(JSON.parse(await run(['get', 'namespace', namespace, '--output', 'json'])));
  const listing = z
    .object({ items: z.array(objectSchema.loose()) })
    .parse(JSON.parse(await run(['get', kinds, '--namespace', namespace, '--output', 'json'])));
  const objects = listing.items
    .filter(({ kind, metadata }) => !(kind === 'ServiceAccount' && metadata.name === 'default'))
    .map(({ status: _status, metadata, ...object }) => ({
      ...object,
      ...(object.kind === 'Service' ? { spec: withoutAddresses(object['spec']) } : {}),
      metadata: { name: metadata.name, namespace: copy, labels: metadata.labels },
    }));
  const { kind, apiVersion, metadata } = source;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion, kind, metadata: { name: copy, labels: withoutName(metadata.labels) } }, ...objects],
  });
}

function withoutAddresses(spec: unknown): unknown {
  const { clusterIP: _ip, clusterIPs: _ips, ...rest } = spec as Record<string, unknown>;
  return (spec as Record<string, unknown>)['clusterIP'] === 'None' ? { ...rest, clusterIP: 'None' } : rest;
}

/** Kubernetes sets this label itself, to the namespace's own name. */
function withoutName(labels: Record<string, string> | undefined): Record<string, string> {
  const { 'kubernetes.io/metadata.name': _name, ...rest } = labels ?? {};
  return rest;
}

function phases(operation: Operation | undefined): string {
  return (operation?.phases ?? [])
    .map(({ name, startedAt, endedAt }) => `${name} ${endedAt == null ? '?' : Date.parse(endedAt) - Date.parse(startedAt)}`)
    .join(', ');
}
