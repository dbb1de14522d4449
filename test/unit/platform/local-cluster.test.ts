import test from 'ava';
import { inputsOf, recordPlatform } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

let resources: RecordedResource[];
test.before(async () => {
  resources = await recordPlatform({ 'authsome:profile': 'local' });
});

test('the local platform has one of each, and nothing that one node has no use for', (t) => {
  for (const name of ['control-api', 'proxy', 'provisioner']) {
    const { spec } = inputsOf(resources, `Deployment/${name}`) as {
      spec: { replicas: number; template: { spec: { topologySpreadConstraints?: object } } };
    };
    t.is(spec.replicas, 1);
    t.is(spec.template.spec.topologySpreadConstraints, undefined);
  }
  const kinds = new Set(resources.map(({ type }) => type.split(':').at(-1)));
  for (const kind of ['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ScaledObject', 'Ingress', 'ClusterIssuer', 'APIService'])
    t.false(kinds.has(kind), kind);
  t.false(resources.some(({ name }) => name === 'operators'));
});

test('a single NATS server keeps its identity and its folder, from which a change would cut it off', (t) => {
  t.like(inputsOf(resources, 'StatefulSet/nats'), { spec: { replicas: 1, serviceName: 'nats', podManagementPolicy: undefined } });
  const { stringData } = inputsOf(resources, 'Secret/nats') as { stringData: Record<string, string> };
  t.regex(stringData['nats.conf'] ?? '', /^server_name: nats-0$/m);
  t.regex(stringData['nats.conf'] ?? '', /store_dir: \/data,/);
  t.notRegex(stringData['nats.conf'] ?? '', /cluster|route/);
});
