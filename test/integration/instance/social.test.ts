import { createHash } from 'node:crypto';
import test from 'ava';
import { sql } from 'kysely';
import { freePort } from '../../support/free-port.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { startOidcServer } from './start-oidc-server.ts';
import type { OidcPerson, TestOidcServer } from './start-oidc-server.ts';
import { totpCode } from './totp-code.ts';

const page = 'https://shop.example.com/callback';
const otherPage = 'https://shop.example.com/other';
const github = { clientId: 'github-client', clientSecret: 'github-secret' };

let oidc: TestOidcServer;
let instance: TestInstance;
test.before(async () => {
  oidc = await startOidcServer([page, otherPage]);
  const { issuer, clientId, clientSecret } = oidc;
  instance = await startInstance({
    allowedOrigins: ['https://shop.example.com'],
    providers: {
      social: { github },
      oidc: { acme: { issuer, clientId, clientSecret, domains: ['oidc.example'] }, second: { issuer, clientId, clientSecret } },
    },
  });
});
test.after.always(async () => {
  await instance?.stop();
  await oidc?.stop();
});

const start = (provider = 'acme', redirectUrl = page): Promise<Answer> =>
  instance.call(`/auth/social/${provider}/start`, { body: { redirectUrl } });

/** Signs in there, and returns what the provider gave to the customer's page. */
async function browse(person: OidcPerson): Promise<{ code: string; state: string; iss: string }> {
  const returned = await oidc.browse((await start()).body.url, person);
  if (returned.origin + returned.pathname !== page) throw new Error(`returned to ${returned.href}`);
  const { code = '', state = '', iss = '' } = Object.fromEntries(returned.searchParams);
  return { code, state, iss };
}

const callback = (body: object, provider = 'acme'): Promise<Answer> => instance.call(`/auth/social/${provider}/callback`, { body });
const signIn = async (person: OidcPerson): Promise<Answer> => callback(await browse(person));

test('a first sign-in makes the user (201, signup), a second one finds it (200, signin)', async (t) => {
  const person = { sub: 'ada', email: 'Ada@oidc.example', email_verified: true, name: 'Ada Lovelace' };
  const first = await signIn(person);
  t.is(first.status, 201);
  t.like(first.body.user, { email: 'ada@oidc.example', name: 'Ada Lovelace', emailVerified: true });
  t.is(first.headers.get('x-authsome-event'), `signup;user=${first.body.user.id}`);
  t.is((await instance.call('/auth/session', { session: first.body.session?.token })).status, 200);

  const second = await signIn({ ...person, email: 'moved@oidc.example' });
  t.is(second.status, 200);
  t.is(second.body.user.id, first.body.user.id);
  t.is(second.headers.get('x-authsome-event'), `signin;user=${first.body.user.id}`);
});

test('the address of the start has a state and a PKCE challenge, and no secret', async (t) => {
  const { status, body } = await start();
  t.is(status, 200);
  const { searchParams } = new URL(body.url);
  t.is(searchParams.get('redirect_uri'), page);
  t.is(searchParams.get('code_challenge_method'), 'S256');
  t.regex(searchParams.get('state') ?? '', /^[\w-]{43}$/);
  t.truthy(searchParams.get('nonce'));
  t.false(body.url.includes(oidc.clientSecret));
});

test("better-auth's own providers start too", async (t) => {
  const { status, body } = await start('github');
  t.is(status, 200);
  t.true(body.url.startsWith('https://github.com/login/oauth/authorize?'));
  t.is(new URL(body.url).searchParams.get('client_id'), github.clientId);
});

for (const provider of ['google', 'unknown', '__proto__', 'constructor', 'toString']) {
  test(`the provider ${provider}, which is not set up, answers 404`, async (t) => {
    t.is((await start(provider)).status, 404);
  });
}

for (const redirectUrl of [
  'https://evil.example.com/',
  'https://shop.example.com.evil.com/callback',
  '/callback',
  'http://shop.example.com/',
]) {
  test(`a start that would return to ${redirectUrl} is refused`, async (t) => {
    const { status, body } = await start('acme', redirectUrl);
    t.is(status, 400);
    t.is(body.error.details?.field, 'redirectUrl');
  });
}

test('a state works once', async (t) => {
  const answer = await browse({ sub: 'once', email: 'once@oidc.example', email_verified: true });
  t.is((await callback(answer)).status, 201);
  const again = await callback(answer);
  t.is(again.status, 400);
  t.is(again.body.error.details?.field, 'state');
});

test('a state is spent by a refused code as well', async (t) => {
  const answer = await browse({ sub: 'spent', email: 'spent@oidc.example', email_verified: true });
  const wrong = await callback({ ...answer, code: 'wrong' });
  t.is(wrong.status, 400);
  t.is(wrong.body.error.details?.field, 'code');
  t.is((await callback(answer)).status, 400);
});

test("an expired state, an unknown one and another provider's are refused", async (t) => {
  const other = await browse({ sub: 'mixup', email: 'mixup@oidc.example', email_verified: true });
  t.is((await callback(other, 'second')).status, 400);
  t.is((await callback({ ...other, state: 'a'.repeat(43) })).status, 400);
  const late = await browse({ sub: 'late', email: 'late@oidc.example', email_verified: true });
  const tokenHash = createHash('sha256').update(late.state).digest('hex');
  await sql`update "oneTimeToken" set "expiresAt" = now() - interval '1 second' where "tokenHash" = ${tokenHash}`.execute(
    instance.database,
  );
  t.is((await callback(late)).status, 400);
});

test("one person's code with another's state is refused: PKCE and nonce bind them", async (t) => {
  const victim = await browse({ sub: 'victim', email: 'victim@oidc.example', email_verified: true });
  const attacker = await browse({ sub: 'attacker', email: 'attacker@oidc.example', email_verified: true });
  t.is((await callback({ ...attacker, code: victim.code })).status, 400);
});

test('an answer that names another issuer is refused', async (t) => {
  const answer = await browse({ sub: 'issuer', email: 'issuer@oidc.example', email_verified: true });
  t.is(answer.iss, oidc.issuer);
  t.is((await callback({ ...answer, iss: 'https://evil.example.com' })).status, 400);
});

test('an identity is linked to a user only where the provider has proven the address, and takes over an account that was not proven', async (t) => {
  for (const [name, local, provider, status] of [
    ['both', true, true, 200],
    ['local-only', true, false, 409],
    ['provider-only', false, true, 200],
    ['neither', false, false, 409],
  ] as const) {
    const email = `${name}@oidc.example`;
    const { id } = await signUp(instance, email);
    if (local) await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
    const answer = await signIn({ sub: name, email, email_verified: provider });
    t.is(answer.status, status, name);
    if (status === 200) t.is(answer.body.user.id, id);
    else t.deepEqual(answer.body.error.details, { field: 'email', reason: 'already_in_use' });
  }
});

test('an identity without an address is refused', async (t) => {
  const answer = await signIn({ sub: 'nameless' });
  t.is(answer.status, 403);
  t.deepEqual(answer.body.error.details, { reason: 'email_required' });
});

test('a banned user is refused, and one with a second factor gets the challenge', async (t) => {
  const person = { sub: 'careful', email: 'careful@oidc.example', email_verified: true };
  const first = await signIn(person);
  const { id } = first.body.user;
  const session = first.body.session?.token;
  const { body } = await instance.call('/auth/totp/enrol', { body: {}, session });
  await instance.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session });
  await sql`update "twoFactor" set "lastUsedStep" = null where "userId" = ${id}`.execute(instance.database);
  const challenged = await signIn(person);
  t.is(challenged.status, 200);
  t.true(challenged.body.twoFactorRequired);
  t.is(challenged.headers.get('x-authsome-event'), null);
  const { challengeToken } = challenged.body;
  const answered = await instance.call('/auth/totp/challenge', { body: { challengeToken, code: totpCode(body.otpauthUri) } });
  t.is(answered.body.user.id, id);

  await instance.call(`/users/${id}/ban`, { key: 'secret', body: {} });
  t.is((await signIn(person)).status, 403);
});

test("no token of the provider's is kept", async (t) => {
  const { body } = await signIn({ sub: 'tokens', email: 'tokens@oidc.example', email_verified: true });
  const { rows } = await sql<Record<string, unknown>>`
    select "accessToken", "refreshToken", "idToken" from account where "userId" = ${body.user.id}`.execute(instance.database);
  t.deepEqual(rows, [{ accessToken: null, refreshToken: null, idToken: null }]);
});

test('where addresses must be verified, an unproven one is refused, whether or not it is a user’s', async (t) => {
  const { issuer, clientId, clientSecret } = oidc;
  const strict = await startInstance({
    emailVerificationRequired: true,
    allowedOrigins: ['https://shop.example.com'],
    providers: { social: {}, oidc: { acme: { issuer, clientId, clientSecret, domains: ['strict.example'] } } },
  });
  t.teardown(() => strict.stop());
  await strict.call('/users', { key: 'secret', body: { email: 'taken@strict.example', password, emailVerified: true } });
  for (const [sub, email, emailVerified, status] of [
    ['strict-1', 'taken@strict.example', false, 403],
    ['strict-2', 'free@strict.example', false, 403],
    ['strict-3', 'free@strict.example', true, 201],
  ] as const) {
    const { body } = await strict.call('/auth/social/acme/start', { body: { redirectUrl: page } });
    const returned = await oidc.browse(body.url, { sub, email, email_verified: emailVerified });
    const { code, state } = Object.fromEntries(returned.searchParams);
    const answer = await strict.call('/auth/social/acme/callback', { body: { code, state } });
    t.is(answer.status, status, sub);
  }
});

test('a provider that can not be reached answers 503, and is asked again at the next request', async (t) => {
  const port = await freePort();
  const { clientId, clientSecret } = oidc;
  const waiting = await startInstance({
    allowedOrigins: ['https://shop.example.com'],
    providers: { social: {}, oidc: { late: { issuer: `http://127.0.0.1:${port}`, clientId, clientSecret } } },
  });
  t.teardown(() => waiting.stop());
  const ask = () => waiting.call('/auth/social/late/start', { body: { redirectUrl: page } });
  t.is((await ask()).status, 503);
  const late = await startOidcServer([page], port);
  t.teardown(() => late.stop());
  t.is((await ask()).status, 200);
});

test('a discovery document that speaks for another issuer is not used', async (t) => {
  const { clientId, clientSecret } = oidc;
  // The same server under another name.
  const issuer = oidc.issuer.replace('127.0.0.1', 'localhost');
  const misled = await startInstance({
    allowedOrigins: ['https://shop.example.com'],
    providers: { social: {}, oidc: { acme: { issuer, clientId, clientSecret } } },
  });
  t.teardown(() => misled.stop());
  t.is((await misled.call('/auth/social/acme/start', { body: { redirectUrl: page } })).status, 503);
});
