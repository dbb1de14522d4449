import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { names, tcp, toPart, toServers, toTenants } from '../network/egress-rules.ts';
import type { EgressRule } from '../network/egress-rules.ts';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import type { PlatformSettings } from '../settings.ts';

interface BackupEgressArgs {
  namespace: pulumi.Input<string>;
  settings: PlatformSettings;
  servers: Record<'control' | 'tenants', PostgresServer>;
}

/** Who holds everything's passwords talks to what it must: databases, Redis after a restore, names, and the bucket. */
export function backupEgress({ namespace, settings, servers }: BackupEgressArgs, options: pulumi.CustomResourceOptions): void {
  const platformServers = toServers({ postgres: servers.control, 'tenants-postgres': servers.tenants });
  const common = [...names(settings), ...platformServers, toTenants('postgres', 5_432), ...bucket(settings)];
  const rules = { backup: common, restore: [...common, toPart('redis', 6_379)] };
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

/** Nodes, pods, services, and what clouds tell a machine about itself. */
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];

function bucket({ backups: { target } }: PlatformSettings): EgressRule[] {
  if (target.kind === 'volume') return [];
  if (target.egress !== undefined) return target.egress.map(({ cidr, port }) => ({ to: [{ ipBlock: { cidr } }], ports: tcp(port) }));
  const { port, protocol } = new URL(target.endpoint ?? 'https://s3.amazonaws.com');
  const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  return [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: privateRanges } }], ports: tcp(number) }];
}
