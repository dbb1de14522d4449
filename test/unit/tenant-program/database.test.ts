import test from 'ava';
import { dedicatedDatabase, find, findResource, runTenantProgram, sharedDatabase, specInput } from './run-program.ts';
import type { ProgramRun } from './run-program.ts';

const dedicated = specInput({ plan: 'pro', database: dedicatedDatabase });
const grant = (run: ProgramRun, name: string) => run.resources.find((resource) => resource.name === name);

for (const [tier, spec] of Object.entries({ shared: specInput(), dedicated }))
  test(`the database is the role’s, with room for every pod’s connections: ${tier}`, async (t) => {
    const run = await runTenantProgram(spec);
    // 2 replicas and their successors with 5 connections each, one for a migration; two more for an administrator.
    t.like(find(run, 'postgresql:index/role:Role'), { name: 'app_abc123_user', login: true, connectionLimit: 21 });
    t.like(find(run, 'postgresql:index/database:Database'), {
      name: 'authsome_app_abc123',
      owner: 'app_abc123_user',
      connectionLimit: 23,
    });
  });

for (const [tier, spec] of Object.entries({ shared: specInput(), dedicated }))
  test(`nobody else may connect: ${tier}`, async (t) => {
    const run = await runTenantProgram(spec);
    t.like(grant(run, 'database-no-public')?.inputs, {
      database: 'authsome_app_abc123',
      role: 'public',
      objectType: 'database',
      privileges: [],
    });
  });

for (const [tier, spec] of Object.entries({ shared: specInput(), dedicated }))
  test(`no administrator has anything to do in a tenant's database, where everything may be the tenant's: ${tier}`, async (t) => {
    const { resources } = await runTenantProgram(spec);
    const grants = resources.filter(({ type }) => type === 'postgresql:index/grant:Grant');
    // Rights on a database are given from any other one; on all else, from inside it.
    t.deepEqual(
      grants.map(({ inputs }) => [inputs['objectType'], inputs['role']]),
      [['database', 'public']],
    );
  });

test('the shared server is spoken to as no superuser', async (t) => {
  t.like(find(await runTenantProgram(), 'pulumi:providers:postgresql'), {
    host: 'postgres.authsome-system.svc',
    port: '5432',
    username: 'authsome_tenants',
    superuser: 'false',
    sslmode: 'disable',
  });
});

test('a server of its own is spoken to when it is ready, over TLS, and never again when it goes', async (t) => {
  const run = await runTenantProgram(dedicated);
  const provider = findResource(run, 'pulumi:providers:postgresql');
  t.true(provider.dependencies.includes('postgres'));
  t.like(provider.inputs, { host: 'postgres.authsome-app-abc123.svc.cluster.local', sslmode: 'require' });
  t.regex(String(provider.inputs['password']), /^generated-for-postgres-password/);
  const onServer = run.resources.filter(({ type }) => type.startsWith('postgresql:'));
  t.is(onServer.length, 3);
  for (const { name, deletedWith } of onServer) t.is(deletedWith, 'namespace', name);
});

test('the tenant’s own role is not the server’s administrator', async (t) => {
  const { outputs } = await runTenantProgram(dedicated);
  t.is(outputs.databaseUser, 'app_abc123_user');
  t.notRegex(outputs.databaseUrl, /postgres-password/);
});

test('grants on the shared server go with their database, with no statement of their own', async (t) => {
  const { resources } = await runTenantProgram();
  const grants = resources.filter(({ type }) => type.endsWith(':Grant'));
  t.deepEqual(
    grants.map(({ deletedWith }) => deletedWith),
    ['database'],
  );
});

test('a server outside is reached at its addresses alone, and its certificate is looked at by the stack and the instance', async (t) => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
  const ca = { certificate, file: '/etc/authsome-postgres/tenants.pem' };
  const database = { ...sharedDatabase, host: 'db.example.com', port: 6_432, cidr: '10.30.0.0/24', sslMode: 'verify-full', ca } as const;
  const run = await runTenantProgram(specInput({ database }));
  t.like(find(run, 'pulumi:providers:postgresql'), { host: 'db.example.com', sslmode: 'verify-full', sslrootcert: ca.file });
  t.regex(
    run.outputs.databaseUrl,
    /@db\.example\.com:6432\/.*\?uselibpqcompat=true&sslmode=verify-full&sslrootcert=\/etc\/authsome\/database\/ca\.pem$/,
  );
  const named = (name: string) => run.resources.find((resource) => resource.name === name)?.inputs;
  t.like(named('instance-database-ca'), { data: { 'ca.pem': certificate } });
  const deployment = run.resources.find(({ type, name }) => type.endsWith(':Deployment') && name === 'instance');
  t.like(deployment?.inputs, {
    spec: {
      template: {
        spec: {
          containers: [{ volumeMounts: [{ name: 'tmp' }, { name: 'database-ca', mountPath: '/etc/authsome/database', readOnly: true }] }],
          volumes: [{ name: 'tmp' }, { name: 'database-ca' }],
        },
      },
    },
  });
  t.true(JSON.stringify(run.resources.filter(({ type }) => type.endsWith(':NetworkPolicy'))).includes('{"cidr":"10.30.0.0/24"}'));
});
