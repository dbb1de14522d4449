import test from 'ava';
import { dedicatedDatabase, find, fullConfig, planSpecs, runTenantProgram, sharedDatabase, specInput } from './run-program.ts';
import type { TenantSpecInput } from '../../../tenant-program/spec.ts';

interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  podSelector?: object;
  namespaceSelector?: object;
}
type Port = { protocol: string; port: number };
interface Policy {
  podSelector: object;
  policyTypes: string[];
  ingress?: { from: Peer[]; ports: Port[] }[];
  egress?: { to: Peer[]; ports: Port[] }[];
}

async function policy(name: string, changes: Partial<TenantSpecInput> = {}): Promise<Policy> {
  const run = await runTenantProgram(specInput(changes));
  return (find(run, 'kubernetes:networking.k8s.io/v1:NetworkPolicy', name) as { spec: Policy }).spec;
}

const system = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'authsome-system' } } };
const named = (name: string) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });
const tcp = (...ports: number[]): Port[] => ports.map((port) => ({ protocol: 'TCP', port }));
const portsOf = ({ egress = [] }: Policy): string[] =>
  egress.map(({ ports }) => ports.map(({ protocol, port }) => `${protocol}/${port}`).join(' '));

test('everything is denied in both directions, for every pod', async (t) => {
  t.deepEqual(await policy('default-deny'), { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('the proxy reaches the instance on its API’s port only, and Prometheus on the port of the metrics only', async (t) => {
  const { ingress } = await policy('instance');
  t.deepEqual(ingress, [
    { from: [{ ...system, ...named('proxy') }], ports: tcp(8080) },
    { from: [{ ...system, ...named('prometheus') }], ports: tcp(9464) },
  ]);
});

test('a Prometheus in another namespace is let in from there', async (t) => {
  const { ingress = [] } = await policy('instance', { cluster: { systemNamespace: 'authsome-system', monitoringNamespace: 'monitoring' } });
  t.deepEqual(ingress[1]?.from, [
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } }, ...named('prometheus') },
  ]);
});

test('the instance gets out to DNS, its database, its Redis and public HTTPS, to nothing private', async (t) => {
  const instance = await policy('instance');
  t.deepEqual(portsOf(instance), ['UDP/53 TCP/53', 'TCP/5432', 'TCP/6379', 'TCP/443']);
  const { cidr, except = [] } = instance.egress?.[3]?.to[0]?.ipBlock ?? {};
  t.is(cidr, '0.0.0.0/0');
  t.is(instance.egress?.[3]?.to.length, 1);
  for (const range of [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    '127.0.0.0/8',
    '100.64.0.0/10',
    '168.63.129.16/32',
  ])
    t.true(except.includes(range), range);
});

test('the shared database is the tenants’ server, never the control database’s', async (t) => {
  const { egress = [] } = await policy('instance');
  t.deepEqual(egress[1]?.to, [
    {
      ...system,
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'postgres', 'app.kubernetes.io/instance': 'tenants-postgres' } },
    },
  ]);
});

test('DNS on the host and a database outside the cluster are let through where the spec names them', async (t) => {
  const { egress = [] } = await policy('instance', {
    cluster: { systemNamespace: 'authsome-system', hostDns: { cidr: '10.77.0.1/32', port: 10_053 } },
    database: { ...sharedDatabase, port: 6432, cidr: '10.9.0.0/24' },
  });
  t.deepEqual(egress[1], {
    to: [{ ipBlock: { cidr: '10.77.0.1/32' } }],
    ports: [
      { protocol: 'UDP', port: 10_053 },
      { protocol: 'TCP', port: 10_053 },
    ],
  });
  t.deepEqual(egress[2], { to: [{ ipBlock: { cidr: '10.9.0.0/24' } }], ports: tcp(6432) });
});

test('the mail server’s port is open where mail is sent, and to the same addresses as HTTPS', async (t) => {
  t.true(portsOf(await policy('instance', { config: fullConfig })).includes('TCP/443 TCP/2525'));
  const email = { ...fullConfig.email, smtp: { host: 'mail.example.com', port: 443 } };
  t.true(portsOf(await policy('instance', { config: { email } })).includes('TCP/443'));
});

test('the trace collector’s pods are reached where there is tracing', async (t) => {
  const { egress = [] } = await policy('instance', { tracing: planSpecs.pro.tracing });
  t.deepEqual(egress.at(-1), { to: [{ ...system, ...named('jaeger') }], ports: tcp(4318) });
});

test('private addresses are reached only where the installation allows one, on its port', async (t) => {
  const { egress = [] } = await policy('instance', {
    cluster: { systemNamespace: 'authsome-system', privateEgress: [{ cidr: '10.5.0.25/32', port: 25 }] },
  });
  t.deepEqual(egress.at(-1), { to: [{ ipBlock: { cidr: '10.5.0.25/32' } }], ports: tcp(25) });
});

test('over IPv6 only public addresses are reached, the cluster’s own not among them, and only where the cluster has it', async (t) => {
  const internalCidrs = ['2600:1f00:1::/48', 'fd12::/16', '11.0.0.0/8'];
  const { egress = [] } = await policy('instance', { cluster: { systemNamespace: 'authsome-system', ipv6: true, internalCidrs } });
  const [ipv4, ipv6] = egress[3]?.to.map(({ ipBlock }) => ipBlock) ?? [];
  t.true(ipv4?.except?.includes('11.0.0.0/8'));
  t.false(ipv4?.except?.some((range) => range.includes(':')));
  t.is(ipv6?.cidr, '2000::/3');
  t.deepEqual(ipv6?.except, ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2600:1f00:1::/48']);
});

test('only the instance reaches Redis, and Redis reaches nothing', async (t) => {
  t.deepEqual(await policy('redis'), {
    podSelector: named('redis').podSelector,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [named('instance')], ports: tcp(6379) }],
  });
});

test('only the instance, the provisioner and backups reach a PostgreSQL of its own, and that reaches nothing', async (t) => {
  const changes = { plan: 'pro', database: dedicatedDatabase } as const;
  const parts = ['provisioner', 'backup', 'restore'];
  t.deepEqual(await policy('postgres', changes), {
    podSelector: named('postgres').podSelector,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [named('instance'), ...parts.map((part) => ({ ...system, ...named(part) }))], ports: tcp(5432) }],
  });
  const { egress = [] } = await policy('instance', changes);
  t.deepEqual(egress[1], { to: [named('postgres')], ports: tcp(5432) });
});
