import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import type { PlatformSettings } from '../settings.ts';

type EgressRule = input.networking.v1.NetworkPolicyEgressRule;

interface BackupEgressArgs {
  namespace: pulumi.Input<string>;
  settings: PlatformSettings;
  servers: readonly PostgresServer[];
}

/** Who holds everything's passwords talks to what it must: databases, Redis after a restore, names, and the bucket. */
export function backupEgress({ namespace, settings, servers }: BackupEgressArgs, options: pulumi.CustomResourceOptions): void {
  const common = [...names(settings), ...platformServers(servers), ownServers, ...bucket(settings)];
  const rules = { backup: common, restore: [...common, redis] };
  for (const [part, egress] of Object.entries(rules)) {
    new kubernetes.networking.v1.NetworkPolicy(
      `${part}-egress`,
      {
        metadata: { name: `${part}-egress`, namespace },
        spec: { podSelector: { matchLabels: { 'app.kubernetes.io/instance': part } }, policyTypes: ['Egress'], egress },
      },
      options,
    );
  }
}

const tcp = (port: pulumi.Input<number>): input.networking.v1.NetworkPolicyPort[] => [{ protocol: 'TCP', port }];
const named = (name: string): input.meta.v1.LabelSelector => ({ matchLabels: { 'app.kubernetes.io/name': name } });

const podServers: EgressRule = { to: [{ podSelector: named('postgres') }], ports: tcp(5_432) };
const redis: EgressRule = { to: [{ podSelector: named('redis') }], ports: tcp(6_379) };
/** Of the tenants that have one. */
const ownServers: EgressRule = {
  to: [{ namespaceSelector: { matchExpressions: [{ key: 'authsome.cloud/app-id', operator: 'Exists' }] }, podSelector: named('postgres') }],
  ports: tcp(5_432),
};

/** The platform's pods have one rule for both. */
function platformServers(servers: readonly PostgresServer[]): EgressRule[] {
  const outside = servers.flatMap(({ external, port }) =>
    external === undefined ? [] : [{ to: [{ ipBlock: { cidr: external.cidr } }], ports: tcp(port) }],
  );
  return [...(outside.length < servers.length ? [podServers] : []), ...outside];
}

function names({ hostDns }: PlatformSettings): EgressRule[] {
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

/** Nodes, pods, services, and what clouds tell a machine about itself. */
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];

function bucket({ backups: { target } }: PlatformSettings): EgressRule[] {
  if (target.kind === 'volume') return [];
  if (target.egress !== undefined) return target.egress.map(({ cidr, port }) => ({ to: [{ ipBlock: { cidr } }], ports: tcp(port) }));
  const { port, protocol } = new URL(target.endpoint ?? 'https://s3.amazonaws.com');
  const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  return [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: privateRanges } }], ports: tcp(number) }];
}
