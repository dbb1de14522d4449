import test from 'ava';
import { inputsOf, recordPlatform, tenantSettingsOf } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

// Production on two servers of a managed service; the control server's certificate is looked at, and so is the tenants'.
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
let resources: RecordedResource[];
test.before(async () => {
  resources = await recordPlatform({
    'authsome:profile': 'production',
    'authsome:postgresUrl': 'postgres://master:p%40ss@control.example.com:6432/postgres',
    'authsome:tenantsPostgresUrl': 'postgres://tenants:secret@tenants.example.com?sslmode=verify-ca',
    'authsome:settings': JSON.stringify({
      externalPostgres: {
        control: { cidr: '10.20.0.0/24', caCertificate: certificate },
        tenants: { cidr: '10.30.0.0/24', caCertificate: certificate },
      },
    }),
  });
});

const inputs = (kindAndName: string): unknown => inputsOf(resources, kindAndName);
const secretOf = (name: string): Record<string, string> => (inputs(`Secret/${name}`) as { stringData: Record<string, string> }).stringData;
const controlTls = 'sslmode=verify-full&sslrootcert=/etc/authsome-postgres/control.pem';
const tenantsTls = 'sslmode=verify-ca&sslrootcert=/etc/authsome-postgres/tenants.pem';

test('no server of the platform’s own is made', (t) => {
  t.is(inputs('StatefulSet/postgres'), undefined);
  t.is(inputs('StatefulSet/tenants-postgres'), undefined);
  t.not(inputs('StatefulSet/redis'), undefined);
});

test('the set-up gets the administrator’s URLs, the services those of their roles, all with a look at the certificate', (t) => {
  t.like(secretOf('database-setup'), {
    ADMIN_DATABASE_URL: `postgres://master:p%40ss@control.example.com:6432/postgres?${controlTls}`,
    TENANTS_ADMIN_DATABASE_URL: `postgres://tenants:secret@tenants.example.com:5432/postgres?${tenantsTls}`,
  });
  t.is(
    secretOf('proxy')['DATABASE_URL'],
    `postgres://authsome_proxy:generated-platform-proxy-db@control.example.com:6432/authsome_control?${controlTls}`,
  );
  t.is(
    secretOf('provisioner')['PULUMI_BACKEND_URL'],
    `postgres://authsome_state:generated-platform-state-db@control.example.com:6432/authsome_state?${controlTls}`,
  );
  for (const name of ['control-api', 'proxy', 'provisioner']) t.false(JSON.stringify(secretOf(name)).includes('p%40ss'), name);
});

test('whoever connects has the authorities’ certificates', (t) => {
  t.like(inputs('ConfigMap/postgres-ca'), { data: { 'control.pem': `${certificate}\n`, 'tenants.pem': `${certificate}\n` } });
  for (const kindAndName of [
    ...['Deployment/control-api', 'Deployment/proxy', 'Deployment/provisioner'],
    ...['Job/database-setup', 'CronJob/backup', 'CronJob/restore'],
  ]) {
    const text = JSON.stringify(inputs(kindAndName));
    const mounts = text.split('"mountPath":"/etc/authsome-postgres"').length - 1;
    t.is(mounts, kindAndName === 'CronJob/restore' ? 2 : 1, kindAndName);
    t.true(text.includes('"configMap":{"name":"postgres-ca"}'), kindAndName);
  }
});

test('tenants are told the server with its addresses and its authority', async (t) => {
  const { database } = await tenantSettingsOf(resources);
  t.like(database.shared, {
    host: 'tenants.example.com',
    port: 5_432,
    cidr: '10.30.0.0/24',
    sslMode: 'verify-ca',
    ca: { certificate, file: '/etc/authsome-postgres/tenants.pem' },
    adminUser: 'authsome_tenants',
    adminPassword: 'generated-platform-tenants-db',
  });
});

test('backups reach the servers, and no pods in their place', (t) => {
  const { egress } = (inputs('NetworkPolicy/backup-egress') as { spec: { egress: object[] } }).spec;
  const to = (cidr: string, port: number) => ({ to: [{ ipBlock: { cidr } }], ports: [{ protocol: 'TCP', port }] });
  t.deepEqual(
    egress.filter((rule) => JSON.stringify(rule).includes('ipBlock":{"cidr":"10.')),
    [to('10.20.0.0/24', 6_432), to('10.30.0.0/24', 5_432)],
  );
  t.false(
    egress.some((rule) => JSON.stringify(rule).startsWith('{"to":[{"podSelector":{"matchLabels":{"app.kubernetes.io/name":"postgres"')),
  );
});
