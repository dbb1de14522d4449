import { randomBytes } from 'node:crypto';
import test from 'ava';
import { OperationError } from '../../../services/provisioner/operation-error.ts';
import { openSpecSource } from '../../../services/provisioner/open-spec-source.ts';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { sealConfig } from '../../../services/shared/config-secrets.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';

const box = createSecretBox(randomBytes(32).toString('base64'));
const id = 'app_abc123def456';
const config = appConfigSchema.parse({
  email: { from: 'a@acme.example', smtp: { host: 'smtp.acme.example', username: 'acme', password: 'hunter2-smtp' } },
  socialProviders: { github: { clientId: 'github-id', clientSecret: 'hunter2-github' } },
});
const { settings, sealedSecrets } = sealConfig(config, { box, appId: id });
const columns = { id, plan: 'free', environment: 'production', region: 'us-east-1', databaseTier: 'dedicated' as const };
const sealed = { ...columns, config: settings, sealedConfigSecrets: sealedSecrets };

test('a spec is made of the configuration with its secrets, and of the tier of the application', (t) => {
  t.deepEqual<unknown, unknown>(openSpecSource(sealed, { kind: 'up', box }), { ...columns, config });
});

test('a destruction gets no secret, and no configuration that could keep it from its work', (t) => {
  const otherKey = createSecretBox(randomBytes(32).toString('base64'));
  t.deepEqual<unknown, unknown>(openSpecSource(sealed, { kind: 'destroy', box: otherKey }), { ...columns, config: {} });
});

test('secrets that can’t be opened are a failure that says so, and not what was in them', (t) => {
  const otherKey = createSecretBox(randomBytes(32).toString('base64'));
  const error = t.throws(() => openSpecSource(sealed, { kind: 'up', box: otherKey }), { instanceOf: OperationError });
  t.like(error, { code: 'secrets_unreadable', retryable: true, unclean: false });
  t.regex(error?.remedy ?? '', /ENCRYPTION_KEY/);
});
