import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import type { PlatformSettings } from '../settings.ts';

export type EgressRule = input.networking.v1.NetworkPolicyEgressRule;

export const tcp = (...ports: pulumi.Input<number>[]): input.networking.v1.NetworkPolicyPort[] =>
  ports.map((port) => ({ protocol: 'TCP', port }));

const named = (name: string): input.meta.v1.LabelSelector => ({ matchLabels: { 'app.kubernetes.io/name': name } });
const tenantNamespaces = { matchExpressions: [{ key: 'authsome.cloud/app-id', operator: 'Exists' }] };

/** To one part of the platform, in its own namespace. */
export function toPart(part: string, ...ports: number[]): EgressRule {
  return { to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/instance': part } } }], ports: tcp(...ports) };
}

/** To pods of one name in the namespaces of all tenants. */
export function toTenants(name: string, port: number): EgressRule {
  return { to: [{ namespaceSelector: tenantNamespaces, podSelector: named(name) }], ports: tcp(port) };
}

/** To the database servers of the platform: its own pods, or the addresses that the operator names for a server elsewhere. */
export function toServers(servers: Readonly<Record<string, PostgresServer>>): EgressRule[] {
  return Object.entries(servers).map(([part, { external, port }]) =>
    external === undefined ? toPart(part, 5_432) : { to: [{ ipBlock: { cidr: external.cidr } }], ports: tcp(port) },
  );
}

/** To the cluster's DNS. */
export function names({ hostDns }: Pick<PlatformSettings, 'hostDns'>): EgressRule[] {
  const both = (port: number): input.networking.v1.NetworkPolicyPort[] => [{ protocol: 'UDP', port }, ...tcp(port)];
  const dns = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  };
  return [
    { to: [dns], ports: both(53) },
    ...(hostDns === undefined ? [] : [{ to: [{ ipBlock: { cidr: hostDns.cidr } }], ports: both(hostDns.port) }]),
  ];
}

/** Where API servers listen, behind the address of their Service. */
const usualApiPorts = [443, 6_443];

/**
 * To the API server, which is no pod. Where the settings don't name its addresses it may be anywhere: in a managed cluster it is outside, at
 * an address that may change.
 */
export function toApiServer({ apiServer }: Pick<PlatformSettings, 'apiServer'>): EgressRule[] {
  if (apiServer === undefined) return [{ ports: tcp(...usualApiPorts) }];
  return apiServer.map(({ cidr, port }) => ({ to: [{ ipBlock: { cidr } }], ports: tcp(port) }));
}
