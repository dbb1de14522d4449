import test from 'ava';
import fc from 'fast-check';
import { tenantNames } from '../../../tenant-program/names.ts';
import { planCeilings, plans } from '../../../tenant-program/plans.ts';
import { specSecrets } from '../../../tenant-program/spec-secrets.ts';
import { looseTenantSpecSchema, tenantSpecSchema } from '../../../tenant-program/spec.ts';
import type { TenantSpecInput } from '../../../tenant-program/spec.ts';
import { dedicatedDatabase, fullConfig, planSpecs, sharedDatabase, specInput } from './run-program.ts';

const refused = test.macro({
  exec: (t, changes: object, ...fields: string[]) => {
    const result = tenantSpecSchema.safeParse({ ...specInput(), ...changes });
    t.false(result.success);
    t.deepEqual(
      result.error?.issues.map(({ path }) => path.join('.')),
      fields,
    );
  },
  title: (_title, changes) => `refuses ${JSON.stringify(changes)}`,
});

const cluster = { systemNamespace: 'authsome-system' };
const smtp = { host: 'mail.example.com' };
const oidc = { issuer: 'https://a.example', clientId: 'id', clientSecret: 'secret' };
const client = { clientId: 'id', clientSecret: 'secret' };

test(refused, { appId: 'app_ABC123' }, 'appId');
test(refused, { appId: "app_x'; drop" }, 'appId');
test(refused, { appId: `app_${'a'.repeat(25)}` }, 'appId');
test(refused, { plan: 'gold' }, 'plan');
test(refused, { region: 'somewhere' }, 'region');
test(refused, { publicUrl: 'api.authsome.cloud' }, 'publicUrl');
test(refused, { publicUrl: 'ftp://api.authsome.cloud' }, 'publicUrl');
test(refused, { images: { instance: '', redis: 'r' } }, 'images.instance');
test(refused, { config: { sessionTimeoutSeconds: 1 } }, 'config.sessionTimeoutSeconds');
test(refused, { config: { allowedOrigins: ['not a url'] } }, 'config.allowedOrigins.0');
test(refused, { config: { emailVerificationRequired: true } }, 'config.emailVerificationRequired');
test(refused, { config: { email: { from: 'nobody', smtp } } }, 'config.email.from');
test(refused, { config: { email: { from: 'Ada\r\nBcc: all <a@b.c>', smtp } } }, 'config.email.from');
test(refused, { config: { email: { from: 'a@b.c', smtp: { host: 'mail.example.com/x' } } } }, 'config.email.smtp.host');
test(refused, { config: { email: { from: 'a@b.c', smtp: { ...smtp, port: 0 } } } }, 'config.email.smtp.port');
test(refused, { config: { socialProviders: { myspace: client } } }, 'config.socialProviders');
test(refused, { config: { socialProviders: { github: { clientId: 'id' } } } }, 'config.socialProviders.github.clientSecret');
test(
  refused,
  { config: { socialProviders: { github: { ...client, clientSecret: 'x'.repeat(1_025) } } } },
  'config.socialProviders.github.clientSecret',
);
test(refused, { config: { oidcProviders: { acme: { ...oidc, issuer: 'http://a.example' } } } }, 'config.oidcProviders.acme.issuer');
test(refused, { config: { oidcProviders: { Acme: oidc } } }, 'config.oidcProviders.Acme');
test(refused, { config: { oidcProviders: { github: oidc } } }, 'config.oidcProviders.github');
test(refused, { config: { oidcProviders: Object.fromEntries([...'abcdefghijk'].map((name) => [name, oidc])) } }, 'config.oidcProviders');
test(refused, { resources: { replicas: 11 } }, 'resources.replicas');
test(refused, { resources: { cpu: 'much' } }, 'resources.cpu');
test(refused, { resources: { memory: '1 Gi' } }, 'resources.memory');
test(refused, { resources: { databasePoolSize: 0 } }, 'resources.databasePoolSize');
test(refused, { database: { ...sharedDatabase, port: 0 } }, 'database.port');
test(refused, { database: { ...sharedDatabase, cidr: 'anywhere' } }, 'database.cidr');
test(refused, { database: { ...sharedDatabase, tier: 'none' } }, 'database.tier');
test(refused, { database: { ...sharedDatabase, image: 'x' } }, 'database');
test(refused, { plan: 'pro', database: { tier: 'dedicated' } }, 'database.image');
test(refused, { plan: 'pro', database: { ...dedicatedDatabase, storage: 'all' } }, 'database.storage');
test(refused, { cluster: {} }, 'cluster.systemNamespace');
test(refused, { cluster: { systemNamespace: 'Not A Name' } }, 'cluster.systemNamespace');
test(refused, { cluster: { ...cluster, internalCidrs: ['10.0.0.0'] } }, 'cluster.internalCidrs.0');
test(refused, { cluster: { ...cluster, ipv6: true } }, 'cluster.internalCidrs');
test(refused, { cluster: { ...cluster, privateEgress: [{ cidr: '10.0.0.1/32' }] } }, 'cluster.privateEgress.0.port');
test(refused, { tracing: { endpoint: 'jaeger:4318', namespace: 'a', app: 'b' } }, 'tracing.endpoint');
test(refused, { restartedAt: 'yesterday' }, 'restartedAt');
test(refused, { colour: 'red' }, '');

// What exceeds the plan, the quota or itself: all of it at once, by field.
const quota = (cpu: string, memory: string) => ({ quotaCpu: cpu, quotaMemory: memory });
const paid = { plan: 'pro', database: dedicatedDatabase };
test(refused, { resources: { replicas: 3, maxReplicas: 3, cpu: '500m', memory: '1Gi' } }, 'resources.replicas', 'resources.maxReplicas');
test(refused, { resources: quota('8', '16Gi') }, 'resources.quotaCpu', 'resources.quotaMemory');
test(refused, { resources: { replicas: 2, maxReplicas: 1 } }, 'resources.replicas');
test(refused, { resources: { cpu: '2' } }, 'resources.quotaCpu');
test(refused, { resources: { memory: '4Gi' } }, 'resources.quotaMemory');
test(refused, { resources: { redisCpu: '2' } }, 'resources.quotaCpu');
test(refused, { resources: { redisMemory: '3Gi' } }, 'resources.quotaMemory');
test(refused, { resources: { cpuRequest: '2' } }, 'resources.cpuRequest');
test(refused, { resources: { memoryRequest: '3Gi' } }, 'resources.memoryRequest');
test(refused, { resources: { redisCpuRequest: '1' } }, 'resources.redisCpuRequest');
test(refused, { resources: { redisMemoryRequest: '2Gi' } }, 'resources.redisMemoryRequest');
test(refused, { database: dedicatedDatabase }, 'database.tier');
test(refused, { ...paid, resources: { maxReplicas: 10 } }, 'resources.quotaCpu', 'resources.quotaMemory');
test(refused, { ...paid, resources: { maxReplicas: 10, ...quota('32', '64Gi') } }, 'resources.quotaCpu', 'resources.quotaMemory');
test(refused, { ...paid, database: { ...dedicatedDatabase, cpu: '600m' } }, 'resources.quotaCpu');
test(refused, { ...paid, database: { ...dedicatedDatabase, memory: '2Gi' } }, 'resources.quotaMemory');
test(refused, { ...paid, database: { ...dedicatedDatabase, storage: '1Ti' } }, 'database.storage');
test(
  refused,
  { ...paid, database: { ...dedicatedDatabase, cpuRequest: '1', memoryRequest: '2Gi' } },
  'database.cpuRequest',
  'database.memoryRequest',
);

for (const [name, spec] of Object.entries(planSpecs))
  test(`accepts the spec of a ${name} tenant`, (t) => {
    t.true(tenantSpecSchema.safeParse(spec).success);
  });

test('the product’s own figures fit: two replicas of 1 CPU and 2 GiB in a quota of 4 CPU and 8 GiB, with a database server as well', (t) => {
  const { resources } = tenantSpecSchema.parse(specInput({ plan: 'pro', database: dedicatedDatabase }));
  t.like(resources, { replicas: 2, cpu: '1', memory: '2Gi', redisMemory: '1Gi', quotaCpu: '4', quotaMemory: '8Gi' });
});

test('what was made under other rules can still be destroyed', (t) => {
  t.true(looseTenantSpecSchema.safeParse(specInput({ database: dedicatedDatabase, resources: { maxReplicas: 10 } })).success);
});

test('a message of a refusal names no secret', (t) => {
  const database = { ...sharedDatabase, tier: 'dedicated' } as unknown as TenantSpecInput['database'];
  const config = { ...fullConfig, email: { ...fullConfig.email, from: 'nobody' } };
  const { error } = tenantSpecSchema.safeParse(specInput({ database, config }));
  for (const secret of ['admin-password', 'smtp-p@ssword', 'github-client-secret', 'acme-client-secret'])
    t.false(JSON.stringify(error?.issues).includes(secret), secret);
});

test('every secret of a spec is known as one', (t) => {
  const secrets = ['smtp-p@ssword', 'github-client-secret', 'acme-client-secret'];
  t.deepEqual(specSecrets(tenantSpecSchema.parse(specInput({ config: fullConfig }))), ['admin-password', ...secrets]);
  t.deepEqual(specSecrets(tenantSpecSchema.parse(planSpecs.pro)), secrets);
  t.deepEqual(specSecrets(tenantSpecSchema.parse(specInput())), ['admin-password']);
});

test('whatever is accepted stays within its plan, and all its pods fit into its quota while they roll', (t) => {
  const millis = fc.integer({ min: 50, max: 4_000 });
  const mebibytes = fc.integer({ min: 32, max: 8_192 });
  const arbitrary = fc.record({
    plan: fc.constantFrom(...plans),
    tier: fc.constantFrom('shared', 'dedicated'),
    replicas: fc.integer({ min: 0, max: 10 }),
    maxReplicas: fc.integer({ min: 1, max: 10 }),
    cpu: millis,
    memory: mebibytes,
    databaseCpu: millis,
    databaseMemory: mebibytes,
    quotaCpu: fc.integer({ min: 1, max: 70 }),
    quotaMemory: fc.integer({ min: 1, max: 140 }),
  });
  let accepted = 0;
  fc.assert(
    fc.property(arbitrary, ({ plan, tier, replicas, maxReplicas, cpu, memory, quotaCpu, quotaMemory, ...own }) => {
      const dedicated = tier === 'dedicated';
      const { success } = tenantSpecSchema.safeParse(
        specInput({
          plan,
          database: dedicated
            ? {
                ...dedicatedDatabase,
                cpu: `${own.databaseCpu}m`,
                memory: `${own.databaseMemory}Mi`,
                cpuRequest: '50m',
                memoryRequest: '32Mi',
              }
            : sharedDatabase,
          resources: {
            replicas,
            maxReplicas,
            cpu: `${cpu}m`,
            cpuRequest: '50m',
            memory: `${memory}Mi`,
            memoryRequest: '32Mi',
            redisCpu: '100m',
            redisMemory: '64Mi',
            quotaCpu: String(quotaCpu),
            quotaMemory: `${quotaMemory}Gi`,
          },
        }),
      );
      const ceiling = planCeilings[plan];
      const fits =
        replicas <= maxReplicas &&
        maxReplicas <= ceiling.maxReplicas &&
        quotaCpu <= Number(ceiling.quotaCpu) &&
        quotaMemory <= Number.parseInt(ceiling.quotaMemory, 10) &&
        (!dedicated || plan !== 'free') &&
        (maxReplicas + 1) * cpu + 100 + (dedicated ? own.databaseCpu : 0) <= quotaCpu * 1_000 &&
        (maxReplicas + 1) * memory + 64 + (dedicated ? own.databaseMemory : 0) <= quotaMemory * 1_024;
      t.is(success, fits);
      if (success) accepted += 1;
    }),
    { numRuns: 500, seed: 20_251_125 },
  );
  t.true(accepted > 10);
});

test('names follow from the id, and the stack name holds no underscore', (t) => {
  t.deepEqual(tenantNames('app_abc123'), {
    stack: 'app-abc123',
    namespace: 'authsome-app-abc123',
    database: 'authsome_app_abc123',
    role: 'app_abc123_user',
    serviceAccount: 'app-abc123-sa',
    internalUrl: 'http://authsome.authsome-app-abc123.svc.cluster.local',
  });
});
