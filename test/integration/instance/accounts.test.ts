import test from 'ava';
import { sql } from 'kysely';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance();
});
test.after.always(() => instance?.stop());

test('sign-up answers 201 with the user and a session that works', async (t) => {
  const { status, body, headers } = await instance.call('/auth/signup', { body: { email: 'New.User@example.com', password, name: 'New' } });
  t.is(status, 201);
  t.regex(body.user.id, /^usr_[a-z0-9]{20}$/);
  t.deepEqual(Object.keys(body.user), [...['id', 'email', 'name', 'image', 'emailVerified', 'twoFactorEnabled', 'createdAt', 'updatedAt']]);
  t.is(body.user.email, 'new.user@example.com');
  t.false(body.user.emailVerified);
  t.deepEqual(Object.keys(body.session ?? {}), ['token', 'expiresAt']);
  t.true(Date.parse(body.session?.expiresAt ?? '') > Date.now() + 604_000_000);
  t.is(headers.get('x-authsome-event'), `signup;user=${body.user.id}`);
  t.is(headers.get('set-cookie'), null);

  const session = await instance.call('/auth/session', { session: body.session?.token });
  t.is(session.status, 200);
  t.deepEqual(session.body, { user: body.user, session: body.session } as never);
});

test('the stored password is hashed, and ids in the database are prefixed', async (t) => {
  const { id } = await signUp(instance, 'stored@example.com');
  const { rows } = await sql<{ id: string; password: string; session: string }>`
    select a.id, a.password, s.id as session from account a join session s on s."userId" = a."userId" where a."userId" = ${id}`.execute(
    instance.database,
  );
  t.regex(rows[0]?.id ?? '', /^acc_/);
  t.regex(rows[0]?.session ?? '', /^ses_/);
  t.false(rows[0]?.password.includes(password));
});

test('a second sign-up with the same address in another case answers 409', async (t) => {
  await signUp(instance, 'twice@example.com');
  const { status, body } = await instance.call('/auth/signup', { body: { email: 'TWICE@example.com', password } });
  t.is(status, 409);
  t.is(body.error.code, 'conflict');
  t.deepEqual(body.error.details, { field: 'email', reason: 'already_in_use' });
});

test('of several sign-ups at once with one address, one wins and the others answer 409', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => instance.call('/auth/signup', { body: { email: 'race@example.com', password } })),
  );
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from "user" u join account a on a."userId" = u.id where u.email = 'race@example.com'`.execute(
    instance.database,
  );
  t.is(rows[0]?.count, 1);
});

const badSignUp = test.macro(async (t, body: unknown, field: string) => {
  const { status, body: answered } = await instance.call('/auth/signup', { body });
  t.is(status, 400);
  t.is(answered.error.code, 'invalid_request');
  t.is(answered.error.details?.field, field);
});
test('sign-up refuses a short password', badSignUp, { email: 'a@example.com', password: 'short' }, 'password');
test('sign-up refuses an over-long password', badSignUp, { email: 'a@example.com', password: 'x'.repeat(129) }, 'password');
test('sign-up refuses a malformed address', badSignUp, { email: 'not-an-address', password }, 'email');
test('sign-up refuses fields it does not know', badSignUp, { email: 'a@example.com', password, emailVerified: true }, 'emailVerified');
test('sign-up refuses a body that is not JSON', badSignUp, '{', 'body');

test('sign-in answers 200 with a new session', async (t) => {
  const { id, token } = await signUp(instance, 'signin@example.com');
  const { status, body, headers } = await instance.call('/auth/signin', { body: { email: 'SignIn@example.com', password } });
  t.is(status, 200);
  t.is(body.user.id, id);
  t.not(body.session?.token, token);
  t.is(headers.get('x-authsome-event'), `signin;user=${id}`);
});

test('an unknown address and a wrong password get the same 401', async (t) => {
  await signUp(instance, 'known@example.com');
  const wrong = await instance.call('/auth/signin', { body: { email: 'known@example.com', password: 'wrong password' } });
  const unknown = await instance.call('/auth/signin', { body: { email: 'unknown@example.com', password: 'wrong password' } });
  t.is(wrong.status, 401);
  t.is(unknown.status, 401);
  t.deepEqual({ ...wrong.body.error, requestId: '' }, { ...unknown.body.error, requestId: '' });
});

test('a session that was signed out is gone, and signing it out again is fine', async (t) => {
  const { token } = await signUp(instance, 'signout@example.com');
  t.is((await instance.call('/auth/signout', { method: 'POST', session: token })).status, 204);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  t.is((await instance.call('/auth/signout', { method: 'POST', session: token })).status, 204);
});

for (const session of [undefined, 'x', 'a'.repeat(32), `${'a'.repeat(32)}.c2lnbmF0dXJl`, 'ä']) {
  test(`the session token ${String(session)} answers 401`, async (t) => {
    const { status, body } = await instance.call('/auth/session', { session });
    t.is(status, 401);
    t.is(body.error.code, 'unauthorized');
  });
}

test('changing the password ends every other session, starts a new one, and the old password is refused', async (t) => {
  const email = 'change@example.com';
  const { token } = await signUp(instance, email);
  const other = (await instance.call('/auth/signin', { body: { email, password } })).body.session?.token;

  const wrong = await instance.call('/auth/password/change', {
    body: { currentPassword: 'wrong password', newPassword: 'a new password' },
    session: token,
  });
  t.is(wrong.status, 401);
  const short = await instance.call('/auth/password/change', { body: { currentPassword: password, newPassword: 'short' }, session: token });
  t.is(short.status, 400);
  t.is(short.body.error.details?.field, 'newPassword');
  t.is((await instance.call('/auth/session', { session: token })).status, 200);

  const changed = await instance.call('/auth/password/change', {
    body: { currentPassword: password, newPassword: 'a new password' },
    session: token,
  });
  t.is(changed.status, 200);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  t.is((await instance.call('/auth/session', { session: other })).status, 401);
  t.is((await instance.call('/auth/session', { session: changed.body.session?.token })).status, 200);
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email, password: 'a new password' } })).status, 200);
});

test('a session in use is prolonged, which is announced as a refresh', async (t) => {
  const { id, token } = await signUp(instance, 'refresh@example.com');
  t.is((await instance.call('/auth/session', { session: token })).headers.get('x-authsome-event'), null);
  // Three days old: past the day after which a session in use is prolonged.
  await sql`update session set "expiresAt" = now() + interval '4 days' where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.del(`auth:${hashToken(token)}`);
  const { body, headers } = await instance.call('/auth/session', { session: token });
  t.is(headers.get('x-authsome-event'), `refresh;user=${id}`);
  t.true(Date.parse(body.session?.expiresAt ?? '') > Date.now() + 604_000_000);
});

test('an expired session answers 401', async (t) => {
  const { token } = await signUp(instance, 'expired@example.com');
  await sql`update session set "expiresAt" = now() - interval '1 second' where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.del(`auth:${hashToken(token)}`);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});
