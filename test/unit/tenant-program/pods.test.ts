import test from 'ava';
import type { TenantSpecInput } from '../../../tenant-program/spec.ts';
import { dedicatedDatabase, find, fullConfig, planSpecs, runTenantProgram, specInput } from './run-program.ts';
import type { ProgramRun } from './run-program.ts';

interface Container {
  image: string;
  imagePullPolicy: string;
  command?: string[];
  args: string[];
  env: { name: string; value?: string }[];
  resources: object;
  startupProbe: object;
  lifecycle: object;
}

interface PodSpec {
  priorityClassName?: string;
  terminationGracePeriodSeconds: number;
  containers: [Container];
  topologySpreadConstraints?: { topologyKey: string; whenUnsatisfiable: string }[];
}

interface Workload {
  spec: {
    replicas?: number;
    strategy: object;
    template: { spec: PodSpec };
    volumeClaimTemplates: { spec: object }[];
    persistentVolumeClaimRetentionPolicy: object;
  };
}

const instance = (run: ProgramRun): Workload => find(run, 'kubernetes:apps/v1:Deployment', 'instance') as unknown as Workload;
const stateful = (run: ProgramRun, name: string): Workload => find(run, 'kubernetes:apps/v1:StatefulSet', name) as unknown as Workload;
const pod = ({ spec }: Workload): PodSpec => spec.template.spec;
const dedicated = (changes: Partial<TenantSpecInput> = {}): TenantSpecInput =>
  specInput({ plan: 'pro', database: dedicatedDatabase, ...changes });

test('the instance is probed for readiness from its first second', async (t) => {
  const [container] = pod(instance(await runTenantProgram())).containers;
  t.deepEqual(container.command, ['node', '/app/main.mjs']);
  t.like(container.startupProbe, { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 });
});

test('an ending instance keeps accepting until nobody sends it anything, and then has its whole shutdown', async (t) => {
  const { containers, terminationGracePeriodSeconds } = pod(instance(await runTenantProgram()));
  t.deepEqual(containers[0].lifecycle, { preStop: { sleep: { seconds: 3 } } });
  t.true(terminationGracePeriodSeconds >= 3 + 30);
});

test('all pods of a tenant are of the priority that the platform names, and of none where it names none', async (t) => {
  const { cluster } = dedicated();
  const [run, without] = [
    await runTenantProgram(dedicated({ cluster: { ...cluster, priorityClass: 'authsome-tenants' } })),
    await runTenantProgram(dedicated()),
  ];
  for (const workload of [instance, (some: ProgramRun) => stateful(some, 'redis'), (some: ProgramRun) => stateful(some, 'postgres')]) {
    t.is(pod(workload(run)).priorityClassName, 'authsome-tenants');
    t.is(pod(workload(without)).priorityClassName, undefined);
  }
});

test('a rollout never has fewer instances than wanted', async (t) => {
  t.deepEqual(instance(await runTenantProgram()).spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
});

test('instances are spread over zones and nodes where there can be two, and run all the same where there is one node', async (t) => {
  const spread = pod(instance(await runTenantProgram())).topologySpreadConstraints ?? [];
  t.deepEqual(
    spread.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable]),
    [
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ],
  );
  const single = await runTenantProgram(specInput({ resources: { replicas: 1, maxReplicas: 1 } }));
  t.is(pod(instance(single)).topologySpreadConstraints, undefined);
});

test('images, replicas and resources come from the spec, requests as small as it says', async (t) => {
  const run = await runTenantProgram(
    specInput({
      images: { instance: 'registry.example/instance:2', redis: 'r', pullPolicy: 'Always' },
      resources: { replicas: 1, cpu: '250m', cpuRequest: '10m', memory: '256Mi', memoryRequest: '64Mi' },
    }),
  );
  t.is(instance(run).spec.replicas, 1);
  t.like(pod(instance(run)).containers[0], {
    image: 'registry.example/instance:2',
    imagePullPolicy: 'Always',
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '250m', memory: '256Mi' } },
  });
});

test('where an autoscaler decides, the Deployment says nothing of replicas, so that no up resets them', async (t) => {
  const scaled = await runTenantProgram(planSpecs.pro);
  t.false('replicas' in instance(scaled).spec);
  const fixed = await runTenantProgram({ ...planSpecs.pro, cluster: { systemNamespace: 'authsome-system' } });
  t.is(instance(fixed).spec.replicas, 2);
});

test('an autoscaler holds CPU at 70 % and memory at 80 % of what a pod may use, between the spec’s replicas', async (t) => {
  const autoscaler = find(await runTenantProgram(planSpecs.enterprise), 'kubernetes:autoscaling/v2:HorizontalPodAutoscaler');
  t.like(autoscaler, {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'instance' },
      minReplicas: 3,
      maxReplicas: 10,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '700m' } } },
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'AverageValue', averageValue: String(Math.floor(0.8 * 2 ** 31)) } },
        },
      ],
    },
  });
});

for (const [title, changes] of [
  ['no metrics are measured', { cluster: { systemNamespace: 'authsome-system' } }],
  ['there is nothing to scale to', { resources: { replicas: 2, maxReplicas: 2 } }],
  ['it is suspended', { resources: { replicas: 0, maxReplicas: 2 } }],
] as const)
  test(`there is no autoscaler where ${title}`, async (t) => {
    const run = await runTenantProgram({ ...planSpecs.free, ...changes });
    t.false(run.resources.some(({ type }) => type.endsWith(':HorizontalPodAutoscaler')));
    t.is(typeof instance(run).spec.replicas, 'number');
  });

test('two and more instances leave a node one at a time; a single one has no budget that would keep it there', async (t) => {
  const budget = find(await runTenantProgram(), 'kubernetes:policy/v1:PodDisruptionBudget');
  t.like(budget, { spec: { maxUnavailable: 1, selector: { matchLabels: { 'app.kubernetes.io/name': 'instance' } } } });
  const single = await runTenantProgram(specInput({ resources: { replicas: 1 } }));
  t.false(single.resources.some(({ type }) => type.endsWith(':PodDisruptionBudget')));
});

test('Redis has a password, keeps nothing on disk and leaves a quarter of its memory free', async (t) => {
  const run = await runTenantProgram(specInput({ resources: { redisMemory: '64Mi' } }));
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'redis') as { stringData: Record<string, string> };
  const lines = (stringData['redis.conf'] ?? '').split('\n');
  t.true(lines.includes('save ""'));
  t.true(lines.includes('appendonly no'));
  t.true(lines.includes(`maxmemory ${48 * 1024 * 1024}`));
  t.true(lines.includes('maxmemory-policy volatile-lru'));
  t.true(lines.some((line) => /^requirepass generated-for-redis-password/.test(line)));
  for (const command of ['CONFIG', 'SHUTDOWN', 'FLUSHALL', 'REPLICAOF']) t.true(lines.includes(`rename-command ${command} ""`), command);
});

test('a PostgreSQL of its own has a volume that outlives it, TLS, and a password from a file', async (t) => {
  const run = await runTenantProgram(dedicated({ database: { ...dedicatedDatabase, storage: '50Gi', storageClass: 'fast' } }));
  const postgres = stateful(run, 'postgres');
  t.like(postgres.spec.volumeClaimTemplates[0]?.spec, {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '50Gi' } },
  });
  t.deepEqual(postgres.spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: 'Retain', whenScaled: 'Retain' });
  const [container] = pod(postgres).containers;
  t.is(container.image, 'authsome/postgres:1');
  t.deepEqual(container.env, [
    { name: 'POSTGRES_PASSWORD_FILE', value: '/etc/authsome/password' },
    { name: 'POSTGRES_TLS', value: 'self-signed' },
  ]);
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'postgres') as { stringData: object };
  t.deepEqual(Object.keys(stringData), ['password']);
});

test('what a StatefulSet can never change says nothing that does', async (t) => {
  const claims = async (plan: 'pro' | 'enterprise'): Promise<unknown> =>
    stateful(await runTenantProgram(dedicated({ plan })), 'postgres').spec.volumeClaimTemplates;
  t.deepEqual(await claims('pro'), await claims('enterprise'));
});

test('PostgreSQL has room for the role’s connections and its administrators, and a quarter of its memory as buffers', async (t) => {
  const run = await runTenantProgram(dedicated({ resources: { maxReplicas: 2, databasePoolSize: 8 } }));
  const { args } = pod(stateful(run, 'postgres')).containers[0];
  t.true(args.includes(`max_connections=${2 * 2 * 8 + 1 + 5}`));
  t.true(args.includes('shared_buffers=256MB'));
  t.true(args.includes('ssl_min_protocol_version=TLSv1.3'));
});

test('PostgreSQL is reached at its pod’s address, known before it is ready', async (t) => {
  const service = find(await runTenantProgram(dedicated()), 'kubernetes:core/v1:Service', 'postgres');
  t.like(service, { spec: { clusterIP: 'None', publishNotReadyAddresses: true } });
});

test('limits that an owner has set reach the instance', async (t) => {
  const { config } = planSpecs.pro;
  const email = config?.email && { ...config.email, mailsPerHour: 20_000 };
  const run = await runTenantProgram({ ...planSpecs.pro, config: { ...config, email, sessionLifetimeSeconds: 2_592_000 } });
  const { data } = find(run, 'kubernetes:core/v1:ConfigMap', 'instance') as { data: Record<string, string> };
  t.like(data, { SESSION_LIFETIME_SECONDS: '2592000', MAILS_PER_HOUR: '20000' });
});

test('configuration is in the ConfigMap, and secrets are in the Secret only', async (t) => {
  const run = await runTenantProgram(planSpecs.pro);
  const { data } = find(run, 'kubernetes:core/v1:ConfigMap', 'instance') as { data: Record<string, string> };
  t.deepEqual(data, {
    APP_ID: 'app_abc123',
    ENVIRONMENT: 'production',
    REGION: 'us-east-1',
    PORT: '8080',
    METRICS_PORT: '9464',
    PUBLIC_URL: 'https://api.authsome.cloud/v1/app_abc123',
    MODE: 'standalone',
    SESSION_TIMEOUT_SECONDS: '604800',
    ALLOWED_ORIGINS: 'https://a.example',
    EMAIL_VERIFICATION_REQUIRED: 'true',
    DATABASE_POOL_SIZE: '5',
    EMAIL_FROM: 'Ada <ada@example.com>',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger.authsome-system.svc:4318',
  });
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'instance') as { stringData: Record<string, string> };
  t.deepEqual(Object.keys(stringData).sort(), [
    'AUTH_SECRET',
    'DATABASE_URL',
    'EMAIL_SMTP_URL',
    'INSTANCE_TOKEN',
    'OIDC_PROVIDERS',
    'REDIS_URL',
    'SOCIAL_PROVIDERS',
  ]);
  t.deepEqual(JSON.parse(stringData['SOCIAL_PROVIDERS'] ?? ''), fullConfig.socialProviders);
  t.deepEqual(JSON.parse(stringData['OIDC_PROVIDERS'] ?? ''), fullConfig.oidcProviders);
});

test('what an owner has not set is not there', async (t) => {
  const run = await runTenantProgram();
  const { data } = find(run, 'kubernetes:core/v1:ConfigMap') as { data: object };
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'instance') as { stringData: object };
  t.deepEqual(Object.keys(stringData).sort(), ['AUTH_SECRET', 'DATABASE_URL', 'INSTANCE_TOKEN', 'REDIS_URL']);
  for (const name of ['EMAIL_FROM', 'OTEL_EXPORTER_OTLP_ENDPOINT']) t.false(name in data, name);
});

for (const [smtp, url] of [
  [{ host: 'mail.example.com' }, 'smtp://mail.example.com:587'],
  [{ host: 'mail.example.com', port: 465, username: 'a@b', password: 'p:/@?' }, 'smtps://a%40b:p%3A%2F%40%3F@mail.example.com:465'],
  [{ host: '2001:db8::1', port: 25, username: 'ada' }, 'smtp://ada@[2001:db8::1]:25'],
] as const)
  test(`the mail server's URL is ${url}`, async (t) => {
    const run = await runTenantProgram(specInput({ config: { email: { from: 'ada@example.com', smtp } } }));
    t.like(find(run, 'kubernetes:core/v1:Secret', 'instance'), { stringData: { EMAIL_SMTP_URL: url } });
  });

test('metrics are scraped at their own port, every 15 s', async (t) => {
  const run = await runTenantProgram(planSpecs.pro);
  t.like(find(run, 'kubernetes:monitoring.coreos.com/v1:ServiceMonitor'), {
    spec: { endpoints: [{ port: 'metrics', path: '/metrics', interval: '15s' }] },
  });
  t.like(find(run, 'kubernetes:core/v1:Service', 'instance-metrics'), { spec: { ports: [{ name: 'metrics', port: 9464 }] } });
  t.deepEqual((find(run, 'kubernetes:core/v1:Service', 'authsome') as { spec: { ports: object[] } }).spec.ports, [
    { name: 'http', port: 80, targetPort: 'http' },
  ]);
});
