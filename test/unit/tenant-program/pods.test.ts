import test from 'ava';
import { find, runTenantProgram, specInput } from './run-program.ts';

interface Container {
  name: string;
  command: string[];
  image: string;
  imagePullPolicy: string;
  securityContext: object;
  resources: object;
  startupProbe?: object;
}

interface PodSpec {
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: object;
  initContainers?: Container[];
  containers: Container[];
  volumes: { name: string; emptyDir?: object }[];
}

async function podSpec(workload: 'instance' | 'redis', changes = {}): Promise<PodSpec & { replicas: number }> {
  const run = await runTenantProgram(specInput(changes));
  const type = workload === 'instance' ? 'kubernetes:apps/v1:Deployment' : 'kubernetes:apps/v1:StatefulSet';
  const { spec } = find(run, type, workload) as unknown as { spec: { replicas: number; template: { spec: PodSpec } } };
  return { replicas: spec.replicas, ...spec.template.spec };
}

for (const [workload, uid] of [
  ['instance', 10_001],
  ['redis', 999],
] as const) {
  test(`${workload} pods fit Pod Security restricted and hold no cluster token`, async (t) => {
    const pod = await podSpec(workload);
    t.like(pod, {
      serviceAccountName: 'app-abc123-sa',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      securityContext: { runAsNonRoot: true, runAsUser: uid, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of [...(pod.initContainers ?? []), ...pod.containers])
      t.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });
}

test('the instance is probed for readiness from its first second', async (t) => {
  const { containers, volumes } = await podSpec('instance');
  t.deepEqual(
    containers.map(({ command }) => command),
    [['node', '/app/main.mjs']],
  );
  t.like(containers[0]?.startupProbe, { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 });
  t.deepEqual(
    volumes.map(({ name }) => name),
    ['tmp'],
  );
});

test('images, replicas and resources come from the spec, requests as small as it says', async (t) => {
  const pod = await podSpec('instance', {
    images: { instance: 'registry.example/instance:2', redis: 'r', pullPolicy: 'Always' },
    resources: { replicas: 0, cpu: '250m', cpuRequest: '10m', memory: '256Mi', memoryRequest: '64Mi' },
  });
  t.is(pod.replicas, 0);
  t.like(pod.containers[0], {
    image: 'registry.example/instance:2',
    imagePullPolicy: 'Always',
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '250m', memory: '256Mi' } },
  });
});

test('Redis has a password, keeps nothing on disk and leaves a quarter of its memory free', async (t) => {
  const run = await runTenantProgram(specInput({ resources: { redisMemory: '64Mi' } }));
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'redis') as { stringData: Record<string, string> };
  const lines = (stringData['redis.conf'] ?? '').split('\n');
  t.true(lines.includes('save ""'));
  t.true(lines.includes('appendonly no'));
  t.true(lines.includes(`maxmemory ${48 * 1024 * 1024}`));
  t.true(lines.some((line) => /^requirepass generated-for-redis-password/.test(line)));
});

test('configuration is in the ConfigMap, and secrets are in the Secret only', async (t) => {
  const run = await runTenantProgram();
  const { data } = find(run, 'kubernetes:core/v1:ConfigMap') as { data: Record<string, string> };
  t.like(data, { APP_ID: 'app_abc123', SESSION_TIMEOUT_SECONDS: '604800', MODE: 'standalone', EMAIL_VERIFICATION_REQUIRED: 'false' });
  const { stringData } = find(run, 'kubernetes:core/v1:Secret', 'instance') as { stringData: Record<string, string> };
  t.deepEqual(Object.keys(stringData).sort(), ['AUTH_SECRET', 'DATABASE_URL', 'INSTANCE_TOKEN', 'REDIS_URL']);
  t.notRegex(JSON.stringify(data), /generated-for/);
});
