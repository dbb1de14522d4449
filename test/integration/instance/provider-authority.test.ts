import test from 'ava';
import { sql } from 'kysely';
import { createAuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import { createEmptyDatabase } from './create-empty-database.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { startOidcServer } from './start-oidc-server.ts';
import type { OidcPerson, TestOidcServer } from './start-oidc-server.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';

const page = 'https://shop.example.com/callback';

let smtp: TestSmtpServer;
let oidc: TestOidcServer;
let instance: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer();
  oidc = await startOidcServer([page]);
  const { issuer, clientId, clientSecret } = oidc;
  const client = { issuer, clientId, clientSecret };
  instance = await startInstance({
    mailer: smtp.mailer,
    allowedOrigins: ['https://shop.example.com'],
    providers: {
      social: {},
      oidc: { acme: { ...client, domains: ['acme.example'] }, stranger: client, everything: { ...client, domains: ['*'] } },
    },
  });
});
test.after.always(async () => {
  await instance?.stop();
  await oidc?.stop();
  await smtp?.stop();
});

async function signIn(provider: string, person: OidcPerson, { at = instance, server = oidc } = {}): Promise<Answer> {
  const { body } = await at.call(`/auth/social/${provider}/start`, { body: { redirectUrl: page } });
  const returned = await server.browse(body.url, person);
  const { code, state } = Object.fromEntries(returned.searchParams);
  return at.call(`/auth/social/${provider}/callback`, { body: { code, state } });
}

async function verified(email: string): Promise<string> {
  const { id } = await signUp(instance, email);
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  return id;
}

test("a provider signs in to an account by its address only within the provider's own domains, and the owner gets word", async (t) => {
  const own = await verified('ada@acme.example');
  const other = await verified('ada@other.example');
  const inside = await signIn('acme', { sub: 'inside', email: 'ada@acme.example', email_verified: true });
  t.is(inside.status, 200);
  t.is(inside.body.user.id, own);
  t.regex((await smtp.mailTo('ada@acme.example')).text, /signed in to with acme/);

  for (const email of ['ada@other.example', 'ada@other.example']) {
    const outside = await signIn('acme', { sub: 'outside', email, email_verified: true });
    t.is(outside.status, 409);
    t.deepEqual(outside.body.error.details, { field: 'email', reason: 'already_in_use' });
  }
  t.is((await signIn('everything', { sub: 'other', email: 'ada@other.example', email_verified: true })).body.user.id, other);
});

for (const email of ['x@sub.acme.example', 'x@notacme.example', 'x@acme.example.evil.example']) {
  test(`${email} is none of the provider's addresses`, async (t) => {
    t.false((await signIn('acme', { sub: email, email, email_verified: true })).body.user.emailVerified);
  });
}

test('a provider without domains proves no address: what it makes in advance is no way into an account', async (t) => {
  const email = 'hijacked@victim.example';
  const made = await signIn('stranger', { sub: 'hijacker', email, email_verified: true });
  t.is(made.status, 201);
  t.false(made.body.user.emailVerified);
  await instance.call('/auth/password/forgot', { body: { email } });
  const { token } = await smtp.mailTo(email);
  await instance.call('/auth/password/reset', { body: { token, newPassword: 'chosen by the owner' } });
  t.is((await instance.call('/auth/session', { session: made.body.session?.token })).status, 401);
  t.is((await signIn('stranger', { sub: 'hijacker', email, email_verified: true })).status, 409);
});

test('the owner of an address who signs in with a provider gets an unproven account without what was left in it', async (t) => {
  const email = 'squatted@acme.example';
  const squatter = await signUp(instance, email);
  const owner = await signIn('acme', { sub: 'squatted', email, email_verified: true });
  t.is(owner.status, 200);
  t.like(owner.body.user, { id: squatter.id, emailVerified: true });
  t.is((await instance.call('/auth/session', { session: squatter.token })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 401);
  t.regex((await smtp.mailTo(email)).text, /its earlier password and sessions were removed/);
});

test('an equal subject of another issuer under the same name is another person', async (t) => {
  const empty = await createEmptyDatabase();
  const second = await startOidcServer([page]);
  const database = createAuthDatabase({ url: empty.url, poolSize: 1 });
  const start = ({ issuer, clientId, clientSecret }: TestOidcServer) =>
    startInstance({
      databaseUrl: empty.url,
      allowedOrigins: ['https://shop.example.com'],
      providers: { social: {}, oidc: { idp: { issuer, clientId, clientSecret, domains: ['*'] } } },
    });
  try {
    const before = await start(oidc);
    const first = await signIn('idp', { sub: '1', email: 'one@issuer.example', email_verified: true }, { at: before });
    await before.stop();
    const after = await start(second);
    const other = await signIn('idp', { sub: '1', email: 'two@issuer.example', email_verified: true }, { at: after, server: second });
    t.is(other.status, 201);
    t.not(other.body.user.id, first.body.user.id);
    t.is((await signIn('idp', { sub: '1', email: 'two@issuer.example' }, { at: after, server: second })).body.user.id, other.body.user.id);
    await after.stop();
    const { rows } = await sql<{ issuer: string }>`select issuer from account where "providerId" = 'idp' order by "createdAt"`.execute(
      database,
    );
    t.deepEqual(
      rows.map(({ issuer }) => issuer),
      [oidc.issuer, second.issuer],
    );
  } finally {
    await database.destroy();
    await second.stop();
    await empty.drop();
  }
});
