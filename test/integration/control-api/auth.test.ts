import test from 'ava';
import { sql } from 'kysely';
import { createSessionTokens } from '../../../services/control-api/auth/session-tokens.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import { startControlApi, testAuthSecret, testPublicUrl } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';

let api: TestControlApi;
test.before(async () => {
  api = await startControlApi();
});
test.after.always(() => api.close());

const credentials = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
const post = (path: string, body: unknown) => request(api.url, { method: 'POST', path: `/control/v1/auth/${path}`, body });

test('a token from signup works until its logout, and not after it', async (t) => {
  const owner = await signUpOwner(api.url);
  const me = await owner.get<{ user: { id: string; email: string } }>('/control/v1/auth/me');
  t.is(me.status, 200);
  t.like(me.body.user, { email: owner.email, id: owner.userId });
  t.regex(owner.userId, /^usr_[a-z0-9]{20}$/);

  t.is((await owner.post('/control/v1/auth/logout', undefined)).status, 204);
  const after = await owner.get<{ error: { code: string } }>('/control/v1/auth/me');
  t.is(after.status, 401);
  t.is(after.body.error.code, 'unauthorized');
});

test('a logout ends one session only', async (t) => {
  const owner = await signUpOwner(api.url);
  const second = await request<{ token: string }>(api.url, {
    ...{ method: 'POST', path: '/control/v1/auth/login' },
    body: { email: owner.email.toUpperCase(), password: owner.password },
  });
  t.is(second.status, 200);
  await owner.post('/control/v1/auth/logout', undefined);
  const me = await request(api.url, { method: 'GET', path: '/control/v1/auth/me', token: second.body.token });
  t.is(me.status, 200);
});

test('no session token is stored as it is', async (t) => {
  const owner = await signUpOwner(api.url);
  const { rows } = await sql<{ token: string }>`select token from sessions where user_id = ${owner.userId}`.execute(api.db);
  t.is(rows.length, 1);
  // A hash of what better-auth made and nobody was given.
  t.regex(rows[0]?.token ?? '', /^[0-9a-f]{64}$/);
  t.is((await request(api.url, { method: 'GET', path: '/control/v1/auth/me', token: rows[0]?.token ?? '' })).status, 401);
});

test('an ended session is not let in', async (t) => {
  const owner = await signUpOwner(api.url);
  await api.db
    .updateTable('sessions')
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where('user_id', '=', owner.userId)
    .execute();
  t.is((await owner.get('/control/v1/auth/me')).status, 401);
});

test('a wrong password and an unknown address get the same answer', async (t) => {
  const owner = await signUpOwner(api.url);
  const wrong = await post('login', { email: owner.email, password: 'not the password' });
  const unknown = await post('login', { email: 'nobody@example.com', password: 'not the password' });
  for (const { status, body } of [wrong, unknown]) {
    t.is(status, 401);
    t.deepEqual(body.error.details, { reason: 'email_or_password_wrong' });
  }
});

test('an address has one account, whatever its letter case, and at once too', async (t) => {
  const answers = await Promise.all(
    ['bob@example.com', 'Bob@Example.com', 'bob@example.com'].map((email) => post('signup', { ...credentials, email })),
  );
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  t.deepEqual(answers.find(({ status }) => status === 409)?.body.error.details, { field: 'email', reason: 'is taken' });
  t.is((await api.db.selectFrom('users').where('email', '=', 'bob@example.com').select('id').execute()).length, 1);
});

const refusesSignup = test.macro({
  title: (_given, field: string) => `signup refuses a bad ${field}: ${_given}`,
  async exec(t, field: string, change: Record<string, unknown>) {
    const { status, body } = await post('signup', { ...credentials, email: 'bad@example.com', ...change });
    t.is(status, 400);
    t.like(body.error, { code: 'invalid_request', details: { field } });
    t.is((await api.db.selectFrom('users').where('email', '=', 'bad@example.com').select('id').execute()).length, 0);
  },
});
test('too short', refusesSignup, 'password', { password: '123456789' });
test('too long', refusesSignup, 'password', { password: 'x'.repeat(129) });
test('no address', refusesSignup, 'email', { email: 'not an address' });
test('a number', refusesSignup, 'name', { name: 7 });
test('unknown field', refusesSignup, 'admin', { admin: true });

const refusesToken = test.macro({
  title: (what) => `every route but signup and login wants a valid token: ${what ?? ''}`,
  async exec(t, headers: Record<string, string>) {
    const paths = ['auth/me', 'workspaces', 'workspaces/ws_unknown1', 'applications/app_unknown1', 'applications/app_unknown1/keys'];
    for (const path of paths) {
      const answer = await request(api.url, { method: 'GET', path: `/control/v1/${path}`, headers });
      t.is(answer.status, 401, path);
      t.is(answer.headers.get('www-authenticate'), 'Bearer');
    }
  },
});
test('no header', refusesToken, {});
test('another scheme', refusesToken, { authorization: 'Basic YTpi' });
test('not a token', refusesToken, { authorization: 'Bearer abc' });
test('an unsigned token', refusesToken, { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSJ9.AAAA' });

test('a token for a live session that was signed with another key is not let in', async (t) => {
  const owner = await signUpOwner(api.url);
  const session = await api.db.selectFrom('sessions').where('user_id', '=', owner.userId).selectAll().executeTakeFirstOrThrow();
  const issue = (secret: string) =>
    createSessionTokens({ secret, issuer: testPublicUrl }).issue({
      userId: owner.userId,
      sessionId: session.id,
      expiresAt: session.expires_at,
    });
  const statusWith = async (token: string) => (await request(api.url, { method: 'GET', path: '/control/v1/auth/me', token })).status;
  t.is(await statusWith(await issue(testAuthSecret)), 200);
  t.is(await statusWith(await issue('another secret, of 32 letters and more')), 401);
});

test('of a password only a hash is stored', async (t) => {
  const owner = await signUpOwner(api.url);
  const { rows } = await sql<{ password: string }>`select password from accounts where user_id = ${owner.userId}`.execute(api.db);
  t.is(rows.length, 1);
  t.regex(rows[0]?.password ?? '', /^[0-9a-f]{32}:[0-9a-f]{128}$/);
});
