import { z } from 'zod';
import { tenantNames } from '../../tenant-program/names.ts';
import type { Untried } from './check.ts';
import type { Kubectl } from './cluster.ts';
import type { Target } from './reachability.ts';

/** A Service by its namespace and name, as a target of a connection. */
interface ServiceTarget {
  what: string;
  namespace: string;
  service: string;
  port: number;
  expected: Target['expected'];
}

/** Where clouds answer a pod's questions about its node, credentials included. */
const metadataAddress = '169.254.169.254';

export interface TargetsOf {
  appId: string;
  /** Another tenant, whose parts must be out of reach. */
  otherAppId: string | undefined;
  systemNamespace: string;
}

/** What a tenant's own instance may and may not connect to. */
export function targetsOfInstance({ appId, otherAppId, systemNamespace }: TargetsOf): ServiceTarget[] {
  const own = tenantNames(appId).namespace;
  const allowed = { expected: 'allowed' } as const;
  const refused = { expected: 'refused' } as const;
  const other = otherAppId === undefined ? [] : partsOf(otherAppId, 'another tenant');
  const system = (what: string, service: string, port: number): ServiceTarget => ({
    what,
    namespace: systemNamespace,
    service,
    port,
    ...refused,
  });
  return [
    { what: 'its own Redis', namespace: own, service: 'redis', port: 6_379, ...allowed },
    ...other,
    system('the control database', 'postgres', 5_432),
    system("the platform's Redis", 'redis', 6_379),
    system('NATS', 'nats', 4_222),
    system('the control API', 'control-api', 80),
    system('the proxy', 'proxy', 80),
    { what: 'the API server', namespace: 'default', service: 'kubernetes', port: 443, ...refused },
  ];
}

/** What the proxy may and may not connect to, besides instances. */
export function targetsOfProxy(systemNamespace: string): ServiceTarget[] {
  const system = (what: string, service: string, port: number, expected: Target['expected']): ServiceTarget => ({
    ...{ what, namespace: systemNamespace, service, port, expected },
  });
  return [
    system("the platform's Redis", 'redis', 6_379, 'allowed'),
    system('NATS', 'nats', 4_222, 'refused'),
    system('the control API', 'control-api', 80, 'refused'),
    { what: 'the API server', namespace: 'default', service: 'kubernetes', port: 443, expected: 'refused' },
  ];
}

/** What any other pod of the cluster, and so any other tenant, may not connect to. */
export function partsOf(appId: string, whose: string): ServiceTarget[] {
  const { namespace } = tenantNames(appId);
  return [
    { what: `${whose}'s instance`, namespace, service: 'authsome', port: 80, expected: 'refused' },
    { what: `${whose}'s Redis`, namespace, service: 'redis', port: 6_379, expected: 'refused' },
    { what: `${whose}'s PostgreSQL`, namespace, service: 'postgres', port: 5_432, expected: 'refused' },
  ];
}

export function metadataTarget(): Target {
  return { what: "the node's metadata", host: metadataAddress, port: 80, expected: 'refused' };
}

const sliceSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ namespace: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      endpoints: z
        .array(z.object({ conditions: z.object({ ready: z.boolean().optional() }).optional() }))
        .nullish()
        .transform((endpoints) => endpoints ?? []),
    }),
  ),
});

/** Keeps the Services that exist and have a ready endpoint: a connection to nothing fails as well, and would prove nothing. */
export async function withReadyEndpoints(
  kubectl: Kubectl,
  from: string,
  wanted: readonly ServiceTarget[],
): Promise<{ targets: Target[]; untried: Untried[] }> {
  const { exitCode, stdout, stderr } = await kubectl(['get', 'endpointslices', '--all-namespaces', '--output', 'json']);
  if (exitCode !== 0) throw new Error(`the endpoints could not be listed: ${stderr.trim()}`);
  const ready = new Set<string>();
  const known = new Set<string>();
  for (const { metadata, endpoints } of sliceSchema.parse(JSON.parse(stdout)).items) {
    const service = `${metadata.namespace}/${metadata.labels['kubernetes.io/service-name'] ?? ''}`;
    known.add(service);
    if (endpoints.some(({ conditions }) => conditions?.ready !== false)) ready.add(service);
  }
  const targets: Target[] = [];
  const untried: Untried[] = [];
  for (const { what, namespace, service, port, expected } of wanted) {
    const id = `${namespace}/${service}`;
    // A free tenant has no PostgreSQL of its own: there is nothing to promise.
    if (!known.has(id)) continue;
    if (ready.has(id)) targets.push({ what, host: `${service}.${namespace}.svc.cluster.local`, port, expected });
    else untried.push({ from, what, reason: `${id} has no ready endpoint` });
  }
  return { targets, untried };
}
