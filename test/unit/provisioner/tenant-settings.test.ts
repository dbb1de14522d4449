import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { OperationError } from '../../../services/provisioner/operation-error.ts';
import { buildTenantSpec, readTenantSettings, tenantSettingsSchema } from '../../../services/provisioner/tenant-settings.ts';

const password = 'not-to-be-shown';
const settings = {
  images: { instance: 'instance:1', redis: 'redis:1' },
  resources: { replicas: 1 },
  database: { host: 'postgres', adminUser: 'authsome_tenants', adminPassword: password },
  cluster: { systemNamespace: 'authsome-system' },
};
const row = { id: 'app_abc123', plan: 'free', environment: 'production', region: 'us-east-1', config: { sessionTimeoutSeconds: 3_600 } };

async function withFile(t: ExecutionContext, text: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tenant-settings-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'settings.json');
  await writeFile(file, text);
  return file;
}

test('a spec is the settings with the row and its plan', (t) => {
  const spec = buildTenantSpec(row, tenantSettingsSchema.parse(settings));
  t.is(spec.appId, 'app_abc123');
  t.is(spec.plan, 'free');
  t.is(spec.config.sessionTimeoutSeconds, 3_600);
  t.is(spec.config.mode, 'standalone');
  t.is(spec.resources.replicas, 1);
  t.is(spec.database.adminPassword, password);
});

test('settings are read from a file, defaults filled in', async (t) => {
  const read = await readTenantSettings(await withFile(t, JSON.stringify(settings)));
  t.is(read.database.port, 5432);
  t.is(read.images.pullPolicy, 'IfNotPresent');
});

for (const [title, config] of [
  ['an unknown setting', { colour: 'red' }],
  ['a session that is too short', { sessionTimeoutSeconds: 1 }],
  ['no settings object at all', 'x'],
] as const) {
  test(`a row with ${title} is a terminal failure`, (t) => {
    const error = t.throws(() => buildTenantSpec({ ...row, config }, tenantSettingsSchema.parse(settings)), { instanceOf: OperationError });
    t.is(error.code, 'invalid_spec');
    t.false(error.retryable);
    t.false(error.message.includes(password));
  });
}

test('settings that name an application are refused', (t) => {
  t.false(tenantSettingsSchema.safeParse({ ...settings, appId: 'app_abc123' }).success);
});

for (const [title, text] of [
  ['broken JSON', `{"database":{"adminPassword":"${password}"`],
  ['a wrong type', JSON.stringify({ ...settings, database: { ...settings.database, port: password } })],
  ['an unknown field', JSON.stringify({ ...settings, database: { ...settings.database, extra: password } })],
] as const) {
  test(`a file with ${title} is refused without showing a value`, async (t) => {
    const error = await t.throwsAsync(readTenantSettings(await withFile(t, text)));
    t.regex(error.message, /^TENANT_SETTINGS_FILE/);
    t.false(error.message.includes(password));
  });
}
