import { tenantNames } from '../../tenant-program/names.ts';
import { kubectl } from './platform-under-test.ts';
import { testWithTwoApplications } from './two-applications.ts';

const test = testWithTwoApplications();

/** Tries a TCP connection from inside a tenant's instance, with the Node that is there. */
async function connects(namespace: string, host: string, port: number): Promise<boolean> {
  const script = `const s=require('net').connect({host:'${host}',port:${port},timeout:3000});s.on('connect',()=>process.exit(0));s.on('timeout',()=>process.exit(7));s.on('error',()=>process.exit(7))`;
  const { exitCode, stderr } = await kubectl([
    'exec',
    '--namespace',
    namespace,
    'deployment/instance',
    '--container',
    'instance',
    '--',
    'node',
    '-e',
    script,
  ]);
  if (exitCode !== 0 && exitCode !== 7) throw new Error(`the probe itself failed: ${stderr}`);
  return exitCode === 0;
}

test("a tenant's instance reaches its own database and Redis, and nothing of another tenant or of the platform", async (t) => {
  t.timeout(180_000);
  const own = tenantNames(t.context.first.id).namespace;
  const other = tenantNames(t.context.second.id).namespace;
  const reachable = [
    [`redis.${own}.svc.cluster.local`, 6379],
    ['tenants-postgres.authsome-system.svc.cluster.local', 5432],
  ] as const;
  const unreachable = [
    [`authsome.${other}.svc.cluster.local`, 80],
    [`redis.${other}.svc.cluster.local`, 6379],
    ['postgres.authsome-system.svc.cluster.local', 5432],
    ['redis.authsome-system.svc.cluster.local', 6379],
    ['nats.authsome-system.svc.cluster.local', 4222],
    ['control-api.authsome-system.svc.cluster.local', 80],
    ['kubernetes.default.svc.cluster.local', 443],
    ['169.254.169.254', 80],
  ] as const;
  for (const [host, port] of reachable) t.true(await connects(own, host, port), `${host}:${port} should be reachable`);
  for (const [host, port] of unreachable) t.false(await connects(own, host, port), `${host}:${port} should not be reachable`);
});

test('a privileged pod and one that runs as root are refused in a tenant namespace, and one over the quota too', async (t) => {
  const { namespace } = tenantNames(t.context.first.id);
  const pod = (spec: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'intruder', namespace }, spec });
  const container = { name: 'main', image: 'localhost/none:1' };
  const privileged = await kubectl(['create', '-f', '-'], pod({ containers: [{ ...container, securityContext: { privileged: true } }] }));
  t.not(privileged.exitCode, 0);
  t.regex(privileged.stderr, /violates PodSecurity "restricted|privileged: Forbidden/);
  const root = await kubectl(['create', '-f', '-'], pod({ containers: [{ ...container, securityContext: { runAsUser: 0 } }] }));
  t.not(root.exitCode, 0);
  t.regex(root.stderr, /violates PodSecurity "restricted/);
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const greedy = await kubectl(
    ['create', '-f', '-'],
    pod({
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ ...container, securityContext: security, resources: { limits: { cpu: '64', memory: '64Gi' } } }],
    }),
  );
  t.not(greedy.exitCode, 0);
  t.regex(greedy.stderr, /exceeded quota|maximum (cpu|memory) usage/);
});

test('the provisioner may write in namespaces of tenants only', async (t) => {
  const as = '--as=system:serviceaccount:authsome-system:provisioner';
  const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'intruder', namespace: 'kube-system' } });
  const { exitCode, stderr } = await kubectl(['create', as, '-f', '-'], manifest);
  t.not(exitCode, 0);
  t.regex(stderr, /may change only namespaces of tenants/);
});

test("an instance's pod holds no token of the API server", async (t) => {
  const { namespace } = tenantNames(t.context.first.id);
  const { stdout } = await kubectl(['get', 'pods', '--namespace', namespace, '--output', 'jsonpath={.items[*].spec.volumes[*].projected}']);
  t.is(stdout, '');
});
