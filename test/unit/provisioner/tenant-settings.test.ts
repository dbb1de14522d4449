import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { OperationError } from '../../../services/provisioner/operation-error.ts';
import { buildTenantSpec, readTenantSettings, tenantSettingsSchema } from '../../../services/provisioner/tenant-settings.ts';

const password = 'not-to-be-shown';
const shared = { host: 'postgres', adminUser: 'authsome_tenants', adminPassword: password };
const input = {
  customerUrl: 'https://api.authsome.cloud',
  images: { instance: 'instance:1', redis: 'redis:1' },
  resources: { free: { replicas: 1 }, pro: { maxReplicas: 10, quotaCpu: '16', quotaMemory: '32Gi' } },
  database: { shared, dedicated: { pro: { image: 'postgres:1' }, enterprise: { image: 'postgres:1', storage: '200Gi' } } },
  cluster: { systemNamespace: 'authsome-system' },
};
const settings = tenantSettingsSchema.parse(input);
const row = { id: 'app_abc123', plan: 'free', environment: 'production', region: 'us-east-1', config: { sessionTimeoutSeconds: 3_600 } };

async function withFile(t: ExecutionContext, text: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tenant-settings-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, text);
  return file;
}

test('a spec is the settings with the row and its plan', (t) => {
  const spec = buildTenantSpec(row, settings);
  t.is(spec.appId, 'app_abc123');
  t.is(spec.plan, 'free');
  t.is(spec.config.sessionTimeoutSeconds, 3_600);
  t.is(spec.config.mode, 'standalone');
  t.is(spec.resources.replicas, 1);
  t.is(spec.publicUrl, 'https://api.authsome.cloud/v1/app_abc123');
  t.like(spec.database, { tier: 'shared', adminPassword: password, port: 5432 });
});

for (const [plan, database] of [
  ['free', { tier: 'shared' }],
  ['pro', { tier: 'dedicated', storage: '20Gi' }],
  ['enterprise', { tier: 'dedicated', storage: '200Gi' }],
] as const)
  test(`a new application of the ${plan} plan has a ${database.tier} database`, (t) => {
    t.like(buildTenantSpec({ ...row, plan }, settings).database, database);
  });

test('an application keeps the database that it was made with when its plan rises', (t) => {
  const spec = buildTenantSpec({ ...row, plan: 'pro', databaseTier: 'shared' }, settings);
  t.is(spec.database.tier, 'shared');
  t.is(spec.resources.maxReplicas, 10);
});

test('a plan without a server of its own is refused while the application has one, which can still be destroyed', (t) => {
  const fallen = { ...row, databaseTier: 'dedicated' } as const;
  const error = t.throws(() => buildTenantSpec(fallen, settings), { instanceOf: OperationError });
  t.regex(error.message, /database\.tier/);
  t.is(buildTenantSpec(fallen, settings, 'destroy').database.tier, 'dedicated');
});

test('a suspended application has no replicas, and otherwise the spec it had', (t) => {
  const { resources, ...rest } = buildTenantSpec({ ...row, suspended: true }, settings);
  t.is(resources.replicas, 0);
  const { resources: running, ...same } = buildTenantSpec(row, settings);
  t.deepEqual({ ...rest, resources: { ...resources, replicas: 1 } }, { ...same, resources: running });
});

test('a restart is another spec', (t) => {
  t.is(buildTenantSpec({ ...row, restartedAt: new Date('2025-11-25T12:00:00Z') }, settings).restartedAt, '2025-11-25T12:00:00.000Z');
  t.is(buildTenantSpec({ ...row, restartedAt: null }, settings).restartedAt, undefined);
});

test('an application whose settings are not valid any more can be destroyed', (t) => {
  t.is(buildTenantSpec({ ...row, config: { emailVerificationRequired: true } }, settings, 'destroy').appId, 'app_abc123');
});

test('settings are read from a file, defaults filled in', async (t) => {
  const read = await readTenantSettings(await withFile(t, JSON.stringify(input)));
  t.is(read.database.shared.port, 5432);
  t.is(read.images.pullPolicy, 'IfNotPresent');
  t.is(read.resources.enterprise.replicas, 2);
});

for (const [title, config] of [
  ['an unknown setting', { colour: 'red' }],
  ['a session that is too short', { sessionTimeoutSeconds: 1 }],
  ['verification by an e-mail that nobody can send', { emailVerificationRequired: true }],
  ['no settings object at all', 'x'],
] as const) {
  test(`a row with ${title} is a terminal failure`, (t) => {
    const error = t.throws(() => buildTenantSpec({ ...row, config }, settings), { instanceOf: OperationError });
    t.is(error.code, 'invalid_spec');
    t.false(error.retryable);
    t.false(error.message.includes(password));
  });
}

test('a row of an unknown plan is a terminal failure', (t) => {
  const error = t.throws(() => buildTenantSpec({ ...row, plan: 'gold' }, settings), { instanceOf: OperationError });
  t.like(error, { code: 'invalid_spec', retryable: false });
  t.regex(error.message, /plan/);
});

test('settings that name an application are refused', (t) => {
  t.false(tenantSettingsSchema.safeParse({ ...input, appId: 'app_abc123' }).success);
});

for (const [title, text] of [
  ['broken JSON', `{"database":{"adminPassword":"${password}"`],
  ['a wrong type', JSON.stringify({ ...input, database: { ...input.database, shared: { ...shared, port: password } } })],
  ['an unknown field', JSON.stringify({ ...input, database: { ...input.database, extra: password } })],
  ['sizes that no application of a plan would be allowed', JSON.stringify({ ...input, resources: { pro: { maxReplicas: 10 } } })],
] as const) {
  test(`a file with ${title} is refused without showing a value`, async (t) => {
    const error = await t.throwsAsync(readTenantSettings(await withFile(t, text)));
    t.regex(error.message, /^TENANT_SETTINGS_FILE/);
    t.false(error.message.includes(password));
  });
}
