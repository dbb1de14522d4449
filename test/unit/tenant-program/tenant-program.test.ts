import test from 'ava';
import { secretOutputs, tenantOutputsSchema } from '../../../tenant-program/spec.ts';
import { find, kubernetesName, runTenantProgram, specInput } from './run-program.ts';

test('a tenant has exactly these objects', async (t) => {
  const { resources } = await runTenantProgram();
  const made = resources.map((resource) => `${resource.type.split(':').at(-1)} ${kubernetesName(resource) ?? resource.name}`);
  t.deepEqual(made.sort(), [
    'ConfigMap instance',
    'Database database',
    'Deployment instance',
    'Grant database-no-public',
    'LimitRange tenant',
    'Namespace authsome-app-abc123',
    'NetworkPolicy default-deny',
    'NetworkPolicy instance',
    'NetworkPolicy redis',
    'RandomBytes database-password',
    'RandomBytes instance-auth-secret',
    'RandomBytes instance-token',
    'RandomBytes redis-password',
    'ResourceQuota tenant',
    'Role database-role',
    'Secret instance',
    'Secret redis',
    'Service authsome',
    'Service redis',
    'ServiceAccount app-abc123-sa',
    'StatefulSet redis',
    'postgresql database-server',
  ]);
});

test('the same spec gives the same resources', async (t) => {
  t.deepEqual(await runTenantProgram(), await runTenantProgram());
});

test('outputs are what the schema says, and the secret ones are secrets', async (t) => {
  const { outputs, secrets } = await runTenantProgram();
  t.deepEqual(tenantOutputsSchema.parse(outputs), outputs);
  t.deepEqual(secrets.sort(), [...secretOutputs].sort());
  t.is(outputs.internalUrl, 'http://authsome.authsome-app-abc123.svc.cluster.local');
  t.regex(
    outputs.databaseUrl,
    /^postgres:\/\/app_abc123_user:.+@postgres\.authsome-system\.svc:5432\/authsome_app_abc123\?sslmode=disable$/,
  );
  t.regex(outputs.redisUrl, /^redis:\/\/:.+@redis\.authsome-app-abc123\.svc\.cluster\.local:6379$/);
});

test('every object in the namespace is labelled with the application', async (t) => {
  const { resources } = await runTenantProgram();
  const objects = resources.filter((resource) => resource.type.startsWith('kubernetes:'));
  for (const { inputs, name } of objects) {
    const metadata = inputs['metadata'] as { labels: Record<string, string> };
    t.is(metadata.labels['authsome.cloud/app-id'], 'app_abc123', name);
  }
});

test('the namespace enforces Pod Security restricted, and has quota and limits', async (t) => {
  const run = await runTenantProgram();
  const namespace = find(run, 'kubernetes:core/v1:Namespace') as { metadata: { labels: Record<string, string> } };
  for (const mode of ['enforce', 'audit', 'warn']) t.is(namespace.metadata.labels[`pod-security.kubernetes.io/${mode}`], 'restricted');
  const quota = find(run, 'kubernetes:core/v1:ResourceQuota') as { spec: { hard: Record<string, string> } };
  t.like(quota.spec.hard, { 'limits.cpu': '4', 'limits.memory': '8Gi', 'services.loadbalancers': '0', 'services.nodeports': '0' });
  const account = find(run, 'kubernetes:core/v1:ServiceAccount');
  t.is(account['automountServiceAccountToken'], false);
});

test('the database is the role’s, and nobody else may connect', async (t) => {
  const run = await runTenantProgram();
  t.like(find(run, 'postgresql:index/database:Database'), { name: 'authsome_app_abc123', owner: 'app_abc123_user', connectionLimit: 20 });
  t.like(find(run, 'postgresql:index/role:Role'), { name: 'app_abc123_user', login: true, connectionLimit: 20 });
  t.like(find(run, 'postgresql:index/grant:Grant'), {
    database: 'authsome_app_abc123',
    role: 'public',
    objectType: 'database',
    privileges: [],
  });
  const server = find(run, 'pulumi:providers:postgresql');
  t.like(server, { host: 'postgres.authsome-system.svc', port: '5432', superuser: 'false', sslmode: 'disable' });
});

test('Services are not waited for', async (t) => {
  const { resources } = await runTenantProgram();
  const services = resources.filter(({ type }) => type === 'kubernetes:core/v1:Service');
  t.is(services.length, 2);
  for (const { inputs } of services) t.like(inputs['metadata'], { annotations: { 'pulumi.com/skipAwait': 'true' } });
});

test('a change of configuration rolls the pods, the same configuration does not', async (t) => {
  const checksum = async (allowedOrigins: string[]): Promise<unknown> => {
    const run = await runTenantProgram(specInput({ config: { allowedOrigins } }));
    const deployment = find(run, 'kubernetes:apps/v1:Deployment') as { spec: { template: { metadata: { annotations: object } } } };
    return deployment.spec.template.metadata.annotations;
  };
  const before = await checksum(['https://a.example']);
  t.deepEqual(await checksum(['https://a.example']), before);
  t.notDeepEqual(await checksum(['https://b.example']), before);
});
