import test from 'ava';
import fc from 'fast-check';
import { appConfigSchema, socialProviderNames } from '../../../services/shared/app-config.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';

const specConfig = tenantSpecSchema.shape.config;

const smtp = { host: 'smtp.acme.example' };
const email = { from: 'no-reply@acme.example', smtp };
const client = { clientId: 'id', clientSecret: 'secret' };
const oidc = { issuer: 'https://idp.acme.example/realms/a', ...client };
const long = (length: number): string => 'x'.repeat(length);
const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`idp-${index}`, oidc]));

/** What an owner may set. */
const good: Record<string, object> = {
  nothing: {},
  'every old setting': { sessionTimeoutSeconds: 300, allowedOrigins: ['https://a.example'], mode: 'saas' },
  'an address alone': { email },
  'a limit of mails': { email: { ...email, mailsPerHour: 20_000 } },
  'a name and an address': { email: { ...email, from: 'Acme Shop <no-reply@acme.example>' } },
  'a mail server with everything': { email: { ...email, smtp: { ...smtp, port: 465, username: 'u', password: 'p: /@%ü' } } },
  'verification with email': { email, emailVerificationRequired: true },
  'every social provider': { socialProviders: Object.fromEntries(socialProviderNames.map((name) => [name, client])) },
  'the longest client secret': { socialProviders: { google: { clientId: long(1_024), clientSecret: long(1_024) } } },
  'the longest client secret of Apple': { socialProviders: { apple: { clientId: 'id', clientSecret: long(2_048) } } },
  'a mail server by its address': { email: { ...email, smtp: { host: '2001:db8::25' } } },
  'a name in quotes': { email: { ...email, from: '"Acme, Inc." <no-reply@acme.example>' } },
  'a lifetime of sessions': { sessionTimeoutSeconds: 300, sessionLifetimeSeconds: 300 },
  'domains that a provider answers for': {
    socialProviders: { microsoft: { ...client, domains: ['acme.example'] } },
    oidcProviders: { idp: { ...oidc, domains: ['acme.example', 'xn--bcher-kva.example'] }, only: { ...oidc, domains: ['*'] } },
  },
  'ten other providers': { oidcProviders: many(10) },
  'the longest name of a provider': { oidcProviders: { [`a${'1'.repeat(31)}`]: oidc } },
};

/** What an owner may not set, and the field that is named. */
const bad: [what: string, config: object, field: string][] = [
  ['verification without email', { emailVerificationRequired: true }, 'emailVerificationRequired'],
  ['no sender', { email: { smtp } }, 'email.from'],
  ['a sender that is no address', { email: { ...email, from: 'Acme' } }, 'email.from'],
  ['an over-long sender', { email: { ...email, from: `${long(250)}@acme.example` } }, 'email.from'],
  ['no mail server', { email: { from: 'a@acme.example' } }, 'email.smtp'],
  ['no host', { email: { ...email, smtp: {} } }, 'email.smtp.host'],
  ['no mail at all', { email: { ...email, mailsPerHour: 0 } }, 'email.mailsPerHour'],
  ['port 0', { email: { ...email, smtp: { ...smtp, port: 0 } } }, 'email.smtp.port'],
  ['port 65536', { email: { ...email, smtp: { ...smtp, port: 65_536 } } }, 'email.smtp.port'],
  ['a port that is a text', { email: { ...email, smtp: { ...smtp, port: '587' } } }, 'email.smtp.port'],
  ['an unknown setting of email', { email: { ...email, password: 'p' } }, 'email'],
  ['an unknown setting of the mail server', { email: { ...email, smtp: { ...smtp, secure: true } } }, 'email.smtp'],
  ['an unknown social provider', { socialProviders: { myspace: client } }, 'socialProviders'],
  ['no client secret', { socialProviders: { google: { clientId: 'id' } } }, 'socialProviders.google.clientSecret'],
  ['an empty client secret', { socialProviders: { google: { ...client, clientSecret: '' } } }, 'socialProviders.google.clientSecret'],
  ['an over-long client id', { socialProviders: { google: { ...client, clientId: long(1_025) } } }, 'socialProviders.google.clientId'],
  [
    'an over-long client secret',
    { socialProviders: { google: { ...client, clientSecret: long(1_025) } } },
    'socialProviders.google.clientSecret',
  ],
  [
    'an over-long client secret of Apple',
    { socialProviders: { apple: { ...client, clientSecret: long(2_049) } } },
    'socialProviders.apple.clientSecret',
  ],
  ['an issuer of a social provider', { socialProviders: { google: oidc } }, 'socialProviders.google'],
  ['eleven other providers', { oidcProviders: many(11) }, 'oidcProviders'],
  ['a provider with a social provider’s name', { oidcProviders: { github: oidc } }, 'oidcProviders.github'],
  ['a provider whose name begins with a digit', { oidcProviders: { '1idp': oidc } }, 'oidcProviders.1idp'],
  ['a provider whose name is too long', { oidcProviders: { [`a${'1'.repeat(32)}`]: oidc } }, `oidcProviders.a${'1'.repeat(32)}`],
  ['an issuer without https', { oidcProviders: { idp: { ...oidc, issuer: 'http://idp.example' } } }, 'oidcProviders.idp.issuer'],
  ['an issuer that is no URL', { oidcProviders: { idp: { ...oidc, issuer: 'idp' } } }, 'oidcProviders.idp.issuer'],
  ['no issuer', { oidcProviders: { idp: client } }, 'oidcProviders.idp.issuer'],
  ['no domain at all', { oidcProviders: { idp: { ...oidc, domains: [] } } }, 'oidcProviders.idp.domains'],
  ['a lifetime below the timeout', { sessionTimeoutSeconds: 600, sessionLifetimeSeconds: 599 }, 'sessionLifetimeSeconds'],
  ['a lifetime of more than a year', { sessionLifetimeSeconds: 31_536_001 }, 'sessionLifetimeSeconds'],
];

/** What only this side refuses: it is told to owners here, before it is stored. */
const refusedHere: [what: string, config: object, field: string][] = [
  ['a sender with two addresses', { email: { ...email, from: 'a@acme.example, b@acme.example' } }, 'email.from'],
  ['a sender with a line break', { email: { ...email, from: 'Acme\r\nBcc: x <a@acme.example>' } }, 'email.from'],
  ['a host with a port', { email: { ...email, smtp: { host: 'smtp.acme.example:25' } } }, 'email.smtp.host'],
  ['a host with credentials', { email: { ...email, smtp: { host: 'u:p@smtp.acme.example' } } }, 'email.smtp.host'],
  ['a password with half a character', { email: { ...email, smtp: { ...smtp, password: '\ud800' } } }, 'email.smtp.password'],
  ['an origin with a comma', { allowedOrigins: ['https://a.example,b'] }, 'allowedOrigins.0'],
  ['an origin with half a character', { allowedOrigins: ['https://a.example/\ud800'] }, 'allowedOrigins.0'],
  ['an address as a domain', { oidcProviders: { idp: { ...oidc, domains: ['a@acme.example'] } } }, 'oidcProviders.idp.domains.0'],
  ['an issuer with credentials', { oidcProviders: { idp: { ...oidc, issuer: 'https://u:p@idp.example' } } }, 'oidcProviders.idp.issuer'],
  ['an issuer with a query', { oidcProviders: { idp: { ...oidc, issuer: 'https://idp.example/?a=b' } } }, 'oidcProviders.idp.issuer'],
];

const fieldsOf = (config: object): string[] => [
  ...new Set(appConfigSchema.safeParse(config).error?.issues.map(({ path }) => path.join('.')) ?? []),
];

for (const [what, config] of Object.entries(good)) {
  test(`an owner may set ${what}, and the tenant program takes it as it is`, (t) => {
    const parsed = appConfigSchema.parse(config);
    t.deepEqual<unknown, unknown>(specConfig.parse(parsed), parsed);
    t.deepEqual<unknown, unknown>(specConfig.parse(config), parsed, 'both fill in the same');
  });
}
for (const [what, config, field] of bad) {
  test(`neither an owner may set ${what}, nor does the tenant program take it`, (t) => {
    t.deepEqual(fieldsOf(config), [field]);
    t.false(specConfig.safeParse(config).success);
  });
}
for (const [what, config, field] of refusedHere) {
  test(`an owner may not set ${what}`, (t) => t.deepEqual(fieldsOf(config), [field]));
}

test('a refusal never repeats a secret', (t) => {
  const secret = `hunter2${long(3_000)}`;
  const { error } = appConfigSchema.safeParse({
    email: { from: secret, smtp: { host: secret, password: secret } },
    socialProviders: { google: { clientId: 'id', clientSecret: secret } },
    oidcProviders: { idp: { ...client, issuer: `https://u:${secret}@h` } },
  });
  t.is(new Set(error?.issues.map(({ path }) => path.join('.'))).size, 5, 'each was refused');
  t.false(JSON.stringify(error?.issues.map(({ message }) => message)).includes('hunter2'));
});

test('the fields are those of the tenant program', (t) => {
  t.deepEqual(Object.keys(appConfigSchema.shape).sort(), Object.keys(specConfig.unwrap().shape).sort());
  t.false(appConfigSchema.safeParse({ other: 1 }).success);
});

test('whatever owners may set, the tenant program accepts as it is', (t) => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  const credentials = { clientId: text, clientSecret: text };
  // fast-check's own addresses are mostly ones with marks that hardly any mail server takes.
  const address = fc.tuple(fc.stringMatching(/^[a-z0-9._+-]{1,20}$/), fc.domain()).map((parts) => parts.join('@'));
  const given = fc.record(
    {
      sessionTimeoutSeconds: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 299, max: 31_536_001 }) }, fc.double()),
      allowedOrigins: fc.array(fc.webUrl(), { maxLength: 51 }),
      emailVerificationRequired: fc.boolean(),
      mode: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('standalone', 'saas') }, text),
      email: fc.record({
        from: fc.oneof(
          { weight: 9, arbitrary: address },
          fc.tuple(text, address).map(([name, of]) => `${name} <${of}>`),
          fc.tuple(text, address).map(([name, of]) => `"${name}" <${of}>`),
        ),
        smtp: fc.record(
          { host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 1, max: 66_000 }), username: text, password: text },
          { requiredKeys: ['host'] },
        ),
      }),
      socialProviders: fc.dictionary(fc.constantFrom(...socialProviderNames), fc.record(credentials)),
      oidcProviders: fc.dictionary(
        fc.oneof({ weight: 99, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/) }, fc.constantFrom(...socialProviderNames)),
        fc.record({ issuer: fc.webUrl({ validSchemes: ['https'] }), ...credentials }),
        { maxKeys: 11 },
      ),
    },
    { requiredKeys: [] },
  );
  let accepted = 0;
  fc.assert(
    fc.property(given, (config) => {
      const parsed = appConfigSchema.safeParse(config);
      if (!parsed.success) return;
      accepted += 1;
      t.deepEqual<unknown, unknown>(specConfig.parse(parsed.data), parsed.data);
    }),
    { numRuns: 500 },
  );
  t.true(accepted > 100, `only ${accepted} were accepted`);
});
