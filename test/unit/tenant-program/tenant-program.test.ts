import test from 'ava';
import { secretOutputs, tenantOutputsSchema } from '../../../tenant-program/spec.ts';
import {
  dedicatedDatabase,
  find,
  findResource,
  fullConfig,
  kubernetesName,
  namesOf,
  planSpecs,
  runTenantProgram,
  specInput,
} from './run-program.ts';
import type { ProgramRun } from './run-program.ts';

test('a free tenant has exactly these objects', async (t) => {
  t.deepEqual(namesOf(await runTenantProgram()), [
    'ConfigMap instance',
    'Database database',
    'Deployment instance',
    'Grant database-no-public',
    'LimitRange tenant',
    'Namespace authsome-app-abc123',
    'NetworkPolicy default-deny',
    'NetworkPolicy instance',
    'NetworkPolicy redis',
    'PodDisruptionBudget instance',
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

test('a paid one has a database server of its own besides, and scales and is watched where the cluster can', async (t) => {
  const free = new Set(namesOf(await runTenantProgram()));
  t.deepEqual(
    namesOf(await runTenantProgram(planSpecs.pro)).filter((name) => !free.has(name)),
    [
      'ConfigMap instance-dashboard',
      'HorizontalPodAutoscaler instance',
      'NetworkPolicy postgres',
      'RandomBytes postgres-password',
      'Secret postgres',
      'Service instance-metrics',
      'Service postgres',
      'ServiceMonitor instance-metrics',
      'StatefulSet postgres',
    ],
  );
});

for (const [name, spec] of Object.entries(planSpecs))
  test(`the same spec gives the same registrations: ${name}`, async (t) => {
    t.deepEqual(await runTenantProgram(spec), await runTenantProgram(structuredClone(spec)));
  });

// Under another identity a resource is made anew and the old one deleted: for role, database and namespace that is the tenant's data.
test('everything that version 1 made keeps its identity', async (t) => {
  const identities = (await runTenantProgram()).resources.map(({ identity }) => identity);
  for (const identity of [
    'authsome:tenant:Database$pulumi:providers:postgresql::database-server',
    'authsome:tenant:Database$random:index/randomBytes:RandomBytes::database-password',
    'authsome:tenant:Database$postgresql:index/role:Role::database-role',
    'authsome:tenant:Database$postgresql:index/database:Database::database',
    'authsome:tenant:Database$postgresql:index/grant:Grant::database-no-public',
    'authsome:tenant:Namespace$kubernetes:core/v1:Namespace::namespace',
    'authsome:tenant:Quota$kubernetes:core/v1:ResourceQuota::quota',
    'authsome:tenant:Quota$kubernetes:core/v1:LimitRange::quota-limits',
    'authsome:tenant:ServiceAccount$kubernetes:core/v1:ServiceAccount::service-account',
    'authsome:tenant:NetworkPolicies$kubernetes:networking.k8s.io/v1:NetworkPolicy::network-default-deny',
    'authsome:tenant:NetworkPolicies$kubernetes:networking.k8s.io/v1:NetworkPolicy::network-instance',
    'authsome:tenant:NetworkPolicies$kubernetes:networking.k8s.io/v1:NetworkPolicy::network-redis',
    'authsome:tenant:Redis$random:index/randomBytes:RandomBytes::redis-password',
    'authsome:tenant:Redis$kubernetes:core/v1:Secret::redis-configuration',
    'authsome:tenant:Redis$kubernetes:core/v1:Service::redis',
    'authsome:tenant:Redis$kubernetes:apps/v1:StatefulSet::redis',
    'authsome:tenant:Instance$random:index/randomBytes:RandomBytes::instance-token',
    'authsome:tenant:Instance$random:index/randomBytes:RandomBytes::instance-auth-secret',
    'authsome:tenant:Instance$kubernetes:core/v1:ConfigMap::instance',
    'authsome:tenant:Instance$kubernetes:core/v1:Secret::instance',
    'authsome:tenant:Instance$kubernetes:core/v1:Service::instance',
    'authsome:tenant:Instance$kubernetes:apps/v1:Deployment::instance',
  ])
    t.true(identities.includes(identity), identity);
});

for (const [name, spec] of Object.entries({ shared: planSpecs.free, dedicated: planSpecs.pro }))
  test(`what holds data is protected: ${name}`, async (t) => {
    const kept = (await runTenantProgram(spec)).resources.filter(({ protect }) => protect);
    t.deepEqual(kept.map(({ name }) => name).sort(), ['database', 'namespace']);
  });

test('another kind of database would be another namespace, which is refused, and no other database under the same identity', async (t) => {
  const [shared, dedicated] = [await runTenantProgram(), await runTenantProgram(specInput({ plan: 'pro', database: dedicatedDatabase }))];
  const labels = (run: ProgramRun): Record<string, string> =>
    (find(run, 'kubernetes:core/v1:Namespace') as { metadata: { labels: Record<string, string> } }).metadata.labels;
  // None for the shared one: tenants of version 1 have no such label.
  t.is(labels(shared)['authsome.cloud/database'], undefined);
  t.is(labels(dedicated)['authsome.cloud/database'], 'dedicated');
  t.deepEqual(findResource(shared, 'kubernetes:core/v1:Namespace').replaceOnChanges, ['metadata.labels["authsome.cloud/database"]']);
  const database = 'postgresql:index/database:Database';
  t.not(findResource(shared, database).identity, findResource(dedicated, database).identity);
});

for (const [name, spec] of Object.entries(planSpecs))
  test(`outputs are what the schema says, and the secret ones are secrets: ${name}`, async (t) => {
    const { outputs, secrets } = await runTenantProgram(spec);
    t.deepEqual(tenantOutputsSchema.parse(outputs), outputs);
    // On the shared server nobody but the provisioner is an administrator.
    const expected = secretOutputs.filter((output) => output !== 'databaseAdminUrl' || spec.database.tier === 'dedicated');
    t.deepEqual(secrets.sort(), expected.sort());
    t.is(outputs.internalUrl, 'http://authsome.authsome-app-abc123.svc.cluster.local');
    t.is(outputs.namespace, 'authsome-app-abc123');
    t.is(outputs.databaseTier, spec.database.tier);
    t.is(outputs.programVersion, '5');
  });

test('addresses of database and Redis name the tenant’s own', async (t) => {
  const { outputs } = await runTenantProgram();
  t.regex(
    outputs.databaseUrl,
    /^postgres:\/\/app_abc123_user:generated-for-database-password-x+@postgres\.authsome-system\.svc:5432\/authsome_app_abc123\?sslmode=disable$/,
  );
  t.regex(outputs.redisUrl, /^redis:\/\/:.+@redis\.authsome-app-abc123\.svc\.cluster\.local:6379$/);
  const own = (await runTenantProgram(planSpecs.pro)).outputs;
  t.is(own.databaseHost, 'postgres.authsome-app-abc123.svc.cluster.local');
  t.is(outputs.databaseAdminUrl, undefined);
  t.regex(
    own.databaseAdminUrl ?? '',
    /^postgres:\/\/postgres:generated-for-postgres-password-x+@postgres\.authsome-app-abc123\.svc\.cluster\.local:5432\/postgres\?.*sslmode=require$/,
  );
  t.true(
    own.databaseUrl.endsWith(
      '@postgres.authsome-app-abc123.svc.cluster.local:5432/authsome_app_abc123?uselibpqcompat=true&sslmode=require',
    ),
  );
});

const ownersSecrets = ['smtp-p@ssword', encodeURIComponent('smtp-p@ssword'), 'github-client-secret', 'acme-client-secret'];

for (const [name, spec] of Object.entries(planSpecs))
  test(`no secret is in the state in plain text: ${name}`, async (t) => {
    const { resources, outputs, plainComponentOutputs } = await runTenantProgram({ ...spec, config: fullConfig });
    const plain = JSON.stringify([resources.map(({ plainInputs }) => plainInputs), plainComponentOutputs]);
    t.notRegex(plain, /generated-for/);
    for (const secret of ['admin-password', ...ownersSecrets, outputs.instanceToken]) t.false(plain.includes(secret), secret);
    const whole = JSON.stringify(resources.map(({ inputs }) => inputs));
    for (const secret of ownersSecrets.slice(1)) t.true(whole.includes(secret), secret);
  });

test('every object in the namespace is labelled with the application', async (t) => {
  const { resources } = await runTenantProgram(planSpecs.pro);
  for (const { inputs, name } of resources.filter(({ type }) => type.startsWith('kubernetes:'))) {
    const metadata = inputs['metadata'] as { labels: Record<string, string> };
    t.is(metadata.labels['authsome.cloud/app-id'], 'app_abc123', name);
  }
});

test('Services are not waited for, nor anything else that has no end to wait for', async (t) => {
  const { resources } = await runTenantProgram(planSpecs.pro);
  const kinds = ['Service', 'ResourceQuota', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];
  const found = resources.filter(({ type }) => kinds.includes(type.split(':').at(-1) ?? ''));
  t.is(found.length, 7);
  for (const { inputs } of found) t.like(inputs['metadata'], { annotations: { 'pulumi.com/skipAwait': 'true' } });
});

test('workloads start behind their network policies, and end before the namespace; everything else goes with it', async (t) => {
  const run = await runTenantProgram(planSpecs.pro);
  for (const resource of run.resources.filter(({ type }) => type.startsWith('kubernetes:'))) {
    const title = `${resource.type} ${kubernetesName(resource)}`;
    if (/:(Deployment|StatefulSet)$/.test(resource.type)) {
      t.is(resource.deletedWith, '', title);
      for (const policy of ['network-default-deny', 'network-instance', 'network-redis', 'network-postgres'])
        t.true(resource.dependencies.includes(policy), `${title} ${policy}`);
    } else if (resource.name !== 'namespace') {
      t.is(resource.deletedWith, 'namespace', title);
    }
  }
});

test('a change of configuration rolls the pods, the same configuration does not, and a restart does', async (t) => {
  const annotations = async (changes: Parameters<typeof specInput>[0]): Promise<unknown> => {
    const deployment = find(await runTenantProgram(specInput(changes)), 'kubernetes:apps/v1:Deployment');
    return (deployment as { spec: { template: { metadata: { annotations: object } } } }).spec.template.metadata.annotations;
  };
  const before = await annotations({ config: { allowedOrigins: ['https://a.example'] } });
  t.deepEqual(await annotations({ config: { allowedOrigins: ['https://a.example'] } }), before);
  t.notDeepEqual(await annotations({ config: { allowedOrigins: ['https://b.example'] } }), before);
  t.notDeepEqual(await annotations({ config: { ...fullConfig, allowedOrigins: ['https://a.example'] } }), before);
  t.notDeepEqual(await annotations({ config: { allowedOrigins: ['https://a.example'] }, restartedAt: '2025-11-25T12:00:00Z' }), before);
});

test('the order of an owner’s providers rolls no pods', async (t) => {
  const provider = (name: string) => ({ issuer: `https://${name}.example`, clientId: name, clientSecret: `secret-of-${name}` });
  const secretOf = async (names: string[]): Promise<unknown> => {
    const config = { oidcProviders: Object.fromEntries(names.map((name) => [name, provider(name)])) };
    return find(await runTenantProgram(specInput({ config })), 'kubernetes:core/v1:Secret', 'instance');
  };
  t.deepEqual(await secretOf(['one', 'two']), await secretOf(['two', 'one']));
});

test('a suspended application keeps everything but its instances', async (t) => {
  const run = await runTenantProgram(planSpecs.suspended);
  t.like(find(run, 'kubernetes:apps/v1:Deployment'), { spec: { replicas: 0 } });
  t.like(find(run, 'kubernetes:apps/v1:StatefulSet', 'postgres'), { spec: { replicas: 1 } });
  const names = namesOf(run);
  t.false(names.some((name) => /HorizontalPodAutoscaler|PodDisruptionBudget/.test(name)));
  const running = await runTenantProgram({ ...planSpecs.suspended, resources: { replicas: 2 } });
  for (const type of ['postgresql:index/role:Role', 'postgresql:index/database:Database'])
    t.deepEqual(findResource(run, type), findResource(running, type));
});
