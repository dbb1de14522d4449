import { z } from 'zod';
import { routeKey } from '../../services/shared/routes/route.ts';
import { platformContainer } from '../../cli/platform/platform-container.ts';
import { strayMarker } from '../../stacks/kill-strays.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import type { TenantNames } from '../../tenant-program/names.ts';
import { readControlServer, readTenantsServer } from './databases.ts';
import type { ControlRows, StackState } from './databases.ts';
import { processesOfContainer } from './host-processes.ts';
import type { Platform } from './platform.ts';

/** Everything that is anywhere of one application, as the parts themselves say. */
export interface ApplicationFacts {
  rows: ControlRows;
  stack: StackState;
  databases: string[];
  roles: string[];
  /** Of the namespaces with the application's label. */
  namespaces: string[];
  /** `kind/name` of what is in its namespace, without what the cluster itself adds; the stack's name in a name is `STACK`. */
  objects: string[];
  pods: { workload: string; ready: boolean; ending: boolean }[];
  /** What the instance is configured with. */
  sessionTimeoutSeconds: number | null;
  route: { status: string; revision: number } | null;
  /** Command lines of processes that still work on its stack. */
  strays: string[];
  /** Processes of operations in the worker; one is always kept ready. */
  children: number;
}

/** Kinds that a tenant's stack may make. */
const kinds = [
  ...['resourcequotas', 'limitranges', 'serviceaccounts', 'networkpolicies', 'secrets', 'configmaps', 'services', 'statefulsets'],
  ...['deployments', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'persistentvolumeclaims', 'pods'],
].join(',');

/** Every namespace has these of Kubernetes itself. */
const clustersOwn = ['ServiceAccount/default', 'ConfigMap/kube-root-ca.crt'];

/** Looks everywhere. Rejects where a part of the platform does not answer. */
export async function inspectApplication(platform: Platform, appId: string): Promise<ApplicationFacts> {
  const [control, tenants, namespaces, contents, route, processes] = await Promise.all([
    readControlServer(platform, appId),
    readTenantsServer(platform, appId),
    readNamespaces(platform, appId),
    readNamespace(platform, tenantNames(appId)),
    readRoute(platform, appId),
    readProcesses(platform, tenantNames(appId).stack),
  ]);
  return { ...control, ...tenants, namespaces, ...contents, route, ...processes };
}

async function readNamespaces({ kubectl }: Platform, appId: string): Promise<string[]> {
  const names = await kubectl(['get', 'namespaces', '--selector', `authsome.cloud/app-id=${appId}`, '--output', 'name']);
  return names
    .split('\n')
    .filter(Boolean)
    .map((name) => name.replace('namespace/', ''));
}

/** Comparable between applications, some of whose names hold their own. */
export function objectName(kind: string, name: string, stack: string): string {
  return `${kind}/${name.replace(stack, 'STACK')}`;
}

const objectsSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      data: z.record(z.string(), z.string()).optional(),
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }).optional(),
    }),
  ),
});

async function readNamespace(
  { kubectl }: Platform,
  { namespace, stack }: TenantNames,
): Promise<Pick<ApplicationFacts, 'objects' | 'pods' | 'sessionTimeoutSeconds'>> {
  const { items } = objectsSchema.parse(JSON.parse(await kubectl(['get', kinds, '--namespace', namespace, '--output', 'json'])));
  const objects = items.filter(({ kind }) => kind !== 'Pod').map(({ kind, metadata }) => objectName(kind, metadata.name, stack));
  const pods = items
    .filter(({ kind }) => kind === 'Pod')
    .map(({ metadata, status }) => ({
      workload: metadata.labels['app.kubernetes.io/name'] ?? metadata.name,
      ready: status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
      ending: metadata.deletionTimestamp !== undefined,
    }));
  const timeout = items.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'instance')?.data?.[
    'SESSION_TIMEOUT_SECONDS'
  ];
  return {
    objects: objects.filter((object) => !clustersOwn.includes(object)).sort(),
    pods,
    sessionTimeoutSeconds: timeout === undefined ? null : Number(timeout),
  };
}

/** The password goes to the pod through standard input, as the commands do: neither is seen in a list of processes. */
async function readRoute({ kubectl, namespace }: Platform, appId: string): Promise<ApplicationFacts['route']> {
  const encoded = await kubectl(['get', 'secret', 'proxy', '--namespace', namespace, '--output', 'jsonpath={.data.REDIS_URL}']);
  const { username, password } = new URL(Buffer.from(encoded, 'base64').toString('utf8'));
  const commands = `AUTH ${username} ${password}\nGET ${routeKey(appId)}\n`;
  const answer = await kubectl(['exec', '--stdin', '--namespace', namespace, 'redis-0', '--', 'redis-cli'], commands);
  const [authenticated, route = ''] = answer.split('\n');
  if (authenticated !== 'OK') throw new Error('Redis does not answer');
  return route === '' ? null : z.object({ status: z.string(), revision: z.int() }).parse(JSON.parse(route));
}

async function readProcesses(platform: Platform, stack: string): Promise<Pick<ApplicationFacts, 'strays' | 'children'>> {
  const processes = await processesOfContainer(await platformContainer(platform, 'provisioner'));
  return {
    strays: processes.filter(({ env }) => env[strayMarker] === stack).map(({ args }) => args.slice(0, 2).join(' ')),
    children: processes.filter(({ args }) => args.some((arg) => arg.endsWith('operation-child.mjs'))).length,
  };
}
