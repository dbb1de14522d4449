import test from 'ava';
import { inputsOf, recordPlatform, tenantSettingsOf } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

let resources: RecordedResource[];
test.before(async () => {
  resources = await recordPlatform({ 'authsome:profile': 'production' });
});

const inputs = (kindAndName: string): unknown => inputsOf(resources, kindAndName);
const deployments = ['control-api', 'proxy', 'provisioner'];

test('the production profile gives every plan sizes that its ceilings and its quota allow', async (t) => {
  const settings = await tenantSettingsOf(resources);
  t.like(settings.resources.free, { replicas: 2, maxReplicas: 2, cpu: '1', memory: '2Gi', quotaCpu: '4', quotaMemory: '8Gi' });
  t.like(settings.resources.pro, { replicas: 2, maxReplicas: 10 });
  t.is(settings.database.dedicated.pro.storage, '20Gi');
  t.true(settings.cluster.metricsApi);
});

for (const [name, minReplicas, maxReplicas] of [
  ['control-api', 3, 20],
  ['proxy', 5, 50],
] as const)
  test(`${name} scales from ${minReplicas} to ${maxReplicas} by 70 % of its processor and 80 % of its memory, and no up resets it`, (t) => {
    t.like(inputs(`HorizontalPodAutoscaler/${name}`), {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name },
        minReplicas,
        maxReplicas,
        metrics: [
          { resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '700m' } } },
          { resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '819Mi' } } },
        ],
      },
    });
    t.like(inputs(`Deployment/${name}`), { spec: { replicas: undefined } });
  });

test('without something that reads the queue there are three provisioners', (t) => {
  t.like(inputs('Deployment/provisioner'), { spec: { replicas: 3 } });
  t.is(inputs('ScaledObject/provisioner-jobs'), undefined);
});

test('an emptied node leaves three proxies, two control APIs, a provisioner and two of three NATS servers', (t) => {
  for (const [name, minAvailable] of [['proxy', 3] as const, ['control-api', 2] as const, ['provisioner', 1] as const])
    t.like(inputs(`PodDisruptionBudget/${name}`), {
      spec: { minAvailable, selector: { matchLabels: { 'app.kubernetes.io/instance': name } } },
    });
  t.like(inputs('PodDisruptionBudget/nats'), { spec: { maxUnavailable: 1 } });
  t.is(inputs('PodDisruptionBudget/postgres'), undefined);
});

for (const name of deployments)
  test(`${name} has its 30 s to drain after callers have learned that it ends, and is spread over zones and nodes`, (t) => {
    const deployment = inputs(`Deployment/${name}`) as {
      spec: {
        template: {
          spec: { terminationGracePeriodSeconds: number; containers: { lifecycle: { preStop: { sleep: { seconds: number } } } }[] };
        };
      };
    };
    const { spec } = deployment.spec.template;
    const sleep = spec.containers[0]?.lifecycle.preStop.sleep.seconds ?? 0;
    t.true(sleep >= 3 && spec.terminationGracePeriodSeconds >= sleep + 30);
    t.like(spec, {
      topologySpreadConstraints: [
        { topologyKey: 'topology.kubernetes.io/zone', matchLabelKeys: ['pod-template-hash'] },
        { topologyKey: 'kubernetes.io/hostname' },
      ],
    });
  });

test("data goes before services, and these before customers' applications, which end nobody else's pods", async (t) => {
  const priority = (name: string): number => (inputs(`PriorityClass/priority-${name}`) as { value: number }).value;
  t.true(priority('data') > priority('services') && priority('services') > priority('tenants') && priority('tenants') > 0);
  t.like(inputs('PriorityClass/priority-tenants'), { metadata: { name: 'authsome-tenants' }, preemptionPolicy: 'Never' });
  const ofPods = (kindAndName: string) =>
    (inputs(kindAndName) as { spec: { template: { spec: { priorityClassName: string } } } }).spec.template.spec;
  for (const name of ['postgres', 'tenants-postgres', 'redis', 'nats'])
    t.is(ofPods(`StatefulSet/${name}`).priorityClassName, 'authsome-platform-data');
  for (const name of deployments) t.is(ofPods(`Deployment/${name}`).priorityClassName, 'authsome-platform-services');
  t.is((await tenantSettingsOf(resources)).cluster.priorityClass, 'authsome-tenants');
});

test('NATS is a cluster of three on three nodes, whose routes only its own servers reach, with a password', (t) => {
  t.like(inputs('StatefulSet/nats'), {
    spec: {
      replicas: 3,
      serviceName: 'nats-peers',
      podManagementPolicy: 'Parallel',
      template: {
        spec: {
          affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }] } },
        },
      },
    },
  });
  t.like(inputs('Service/nats-peers'), { spec: { clusterIP: 'None', publishNotReadyAddresses: true } });
  const nats = { podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'nats' } } };
  t.like(inputs('NetworkPolicy/nats-peers'), { spec: { ...nats, ingress: [{ from: [nats], ports: [{ port: 6_222 }] }] } });
  const { stringData } = inputs('Secret/nats') as { stringData: Record<string, string> };
  const configuration = stringData['nats.conf'] ?? '';
  t.regex(configuration, /^server_name: \$POD_NAME$/m);
  t.regex(configuration, /sync_interval: always/);
  t.regex(configuration, /authorization \{ user: nats, password: "generated-platform-nats-routes"/);
  for (const index of [0, 1, 2]) t.true(configuration.includes(`@nats-${index}.nats-peers.authsome-system.svc.cluster.local:6222"`));
});

test('the services keep as many copies of their streams as there are NATS servers', (t) => {
  for (const name of ['control-api', 'provisioner']) {
    const { spec } = inputs(`Deployment/${name}`) as {
      spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
    };
    t.deepEqual(
      spec.template.spec.containers[0]?.env.find((variable) => variable.name === 'NATS_REPLICAS'),
      { name: 'NATS_REPLICAS', value: '3' },
    );
  }
});
