import { randomBytes } from 'node:crypto';
import test from 'ava';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { openConfig, sealConfig } from '../../../services/shared/config-secrets.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';

const box = createSecretBox(randomBytes(32).toString('base64'));
const appId = 'app_abc123def456';
const config = appConfigSchema.parse({
  email: { from: 'Acme <a@acme.example>', smtp: { host: 'smtp.acme.example', username: 'acme', password: 'hunter2-smtp' } },
  socialProviders: {
    google: { clientId: 'google-id', clientSecret: 'hunter2-google' },
    apple: { clientId: 'a', clientSecret: 'hunter2-apple' },
  },
  oidcProviders: {
    // A name that every object inherits something under.
    constructor: { issuer: 'https://idp.example', clientId: 'c', clientSecret: 'hunter2-oidc' },
  },
});

test('what is sealed opens to what was given, and holds no secret in the clear', (t) => {
  const sealed = sealConfig(config, { box, appId });
  t.false(JSON.stringify(sealed).includes('hunter2'));
  t.deepEqual(Object.keys(sealed.sealedSecrets).sort(), [
    'email.smtp.password',
    'oidcProviders.constructor.clientSecret',
    'socialProviders.apple.clientSecret',
    'socialProviders.google.clientSecret',
  ]);
  t.like(sealed.settings, { email: { smtp: { username: 'acme' } }, socialProviders: { google: { clientId: 'google-id' } } });
  // As the database gives it back.
  const stored = JSON.parse(JSON.stringify(sealed)) as typeof sealed;
  t.deepEqual<unknown, unknown>(openConfig(stored, { box, appId }), config);
});

test('a configuration without secrets stays as it is', (t) => {
  const plain = appConfigSchema.parse({ email: { from: 'a@acme.example', smtp: { host: 'smtp.acme.example' } } });
  const sealed = sealConfig(plain, { box, appId });
  t.deepEqual<unknown, unknown>(sealed, { settings: plain, sealedSecrets: {} });
});

test('a secret opens for its own application only', (t) => {
  const sealed = sealConfig(config, { box, appId });
  t.throws(() => openConfig(sealed, { box, appId: 'app_another12345' }));
});

test('a secret opens in its own field only', (t) => {
  const { settings, sealedSecrets } = sealConfig(config, { box, appId });
  const moved = { ...sealedSecrets, 'email.smtp.password': sealedSecrets['socialProviders.google.clientSecret'] ?? '' };
  t.throws(() => openConfig({ settings, sealedSecrets: moved }, { box, appId }));
});

test('the same secret sealed twice looks different', (t) => {
  const [one, other] = [sealConfig(config, { box, appId }), sealConfig(config, { box, appId })];
  t.not(one.sealedSecrets['email.smtp.password'], other.sealedSecrets['email.smtp.password']);
});
