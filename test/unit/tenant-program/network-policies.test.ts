import test from 'ava';
import { find, runTenantProgram, specInput } from './run-program.ts';
import type { TenantSpecInput } from '../../../tenant-program/spec.ts';

interface Policy {
  podSelector: object;
  policyTypes: string[];
  ingress?: { from: object[]; ports: object[] }[];
  egress?: { to: { ipBlock?: { cidr: string; except?: string[] } }[]; ports: { protocol: string; port: number }[] }[];
}

async function policy(name: string, changes: Partial<TenantSpecInput> = {}): Promise<Policy> {
  const run = await runTenantProgram(specInput(changes));
  return (find(run, 'kubernetes:networking.k8s.io/v1:NetworkPolicy', name) as { spec: Policy }).spec;
}

test('everything is denied in both directions, for every pod', async (t) => {
  t.deepEqual(await policy('default-deny'), { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('only the proxy and Prometheus of the system namespace reach the instance, on its port', async (t) => {
  const { ingress } = await policy('instance');
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'authsome-system' } };
  t.deepEqual(ingress, [
    {
      from: [
        { namespaceSelector, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'proxy' } } },
        { namespaceSelector, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } },
      ],
      ports: [{ protocol: 'TCP', port: 8080 }],
    },
  ]);
});

test('the instance gets out to DNS, its database, its Redis and public HTTPS, to nothing private', async (t) => {
  const { egress = [] } = await policy('instance');
  t.deepEqual(
    egress.map(({ ports }) => ports.map(({ protocol, port }) => `${protocol}/${port}`).join(' ')),
    ['UDP/53 TCP/53', 'TCP/5432', 'TCP/6379', 'TCP/443'],
  );
  const excepted = egress[3]?.to[0]?.ipBlock?.except ?? [];
  for (const range of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '127.0.0.0/8', '100.64.0.0/10'])
    t.true(excepted.includes(range), range);
});

test('DNS on the host and a database outside the cluster are let through where the spec names them', async (t) => {
  const { egress = [] } = await policy('instance', {
    cluster: { systemNamespace: 'authsome-system', hostDns: { cidr: '10.77.0.1/32', port: 10_053 }, databaseCidr: '10.9.0.0/24' },
  });
  t.deepEqual(egress[1], {
    to: [{ ipBlock: { cidr: '10.77.0.1/32' } }],
    ports: [
      { protocol: 'UDP', port: 10_053 },
      { protocol: 'TCP', port: 10_053 },
    ],
  });
  t.deepEqual(egress[2]?.to, [{ ipBlock: { cidr: '10.9.0.0/24' } }]);
});

test('only the instance reaches Redis, and Redis reaches nothing', async (t) => {
  const { ingress, egress, policyTypes } = await policy('redis');
  t.deepEqual(ingress, [
    { from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'instance' } } }], ports: [{ protocol: 'TCP', port: 6379 }] },
  ]);
  t.is(egress, undefined);
  t.deepEqual(policyTypes, ['Ingress', 'Egress']);
});
