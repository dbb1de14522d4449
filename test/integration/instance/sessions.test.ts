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

async function signIn(email: string): Promise<string> {
  const { body } = await instance.call('/auth/signin', { body: { email, password }, headers: { 'user-agent': 'Second Browser' } });
  return body.session?.token ?? '';
}

async function sessionIds(token: string): Promise<string[]> {
  return (await instance.call('/auth/sessions', { session: token })).body.data.map(({ id }) => id);
}

test('a refresh gives the session its whole time again, is announced, and reaches Redis and PostgreSQL', async (t) => {
  const { id, token } = await signUp(instance, 'refresh@example.com');
  await sql`update session set "expiresAt" = now() + interval '1 hour' where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.del(`auth:${hashToken(token)}`);
  const { status, body, headers } = await instance.call('/auth/session/refresh', { method: 'POST', session: token });
  t.is(status, 200);
  t.is(body.session?.token, token);
  t.true(Date.parse(body.session?.expiresAt ?? '') > Date.now() + 604_000_000);
  t.is(headers.get('x-authsome-event'), `refresh;user=${id}`);
  const read = await instance.call('/auth/session', { session: token });
  t.is(read.body.session?.expiresAt, body.session?.expiresAt);
  t.is(read.headers.get('x-authsome-event'), null);
});

test('a session that has ended can not be refreshed', async (t) => {
  const { token } = await signUp(instance, 'refresh-ended@example.com');
  await instance.call('/auth/signout', { method: 'POST', session: token });
  t.is((await instance.call('/auth/session/refresh', { method: 'POST', session: token })).status, 401);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});

test('a listing shows the own sessions with their origin, says which is the present one, and shows no token', async (t) => {
  const { token } = await signUp(instance, 'list@example.com');
  await signUp(instance, 'list-other@example.com');
  const second = await signIn('list@example.com');
  const { status, body } = await instance.call('/auth/sessions', { session: token });
  t.is(status, 200);
  t.is(body.total, 2);
  t.deepEqual(
    body.data.map(({ current }) => current),
    [false, true],
  );
  t.like(body.data[0], { userAgent: 'Second Browser' });
  t.false(JSON.stringify(body).includes(token) || JSON.stringify(body).includes(second));
  const page = await instance.call('/auth/sessions?page=2&pageSize=1', { session: token });
  t.deepEqual(page.body.data, [body.data[1]!]);
});

test('one of the own sessions can be ended by its id', async (t) => {
  const { token } = await signUp(instance, 'end-one@example.com');
  const second = await signIn('end-one@example.com');
  const [secondId = ''] = await sessionIds(token);
  t.is((await instance.call(`/auth/sessions/${secondId}`, { method: 'DELETE', session: token })).status, 204);
  t.is((await instance.call('/auth/session', { session: second })).status, 401);
  t.is((await instance.call('/auth/session', { session: token })).status, 200);
  t.is((await instance.call(`/auth/sessions/${secondId}`, { method: 'DELETE', session: token })).status, 404);
});

test("another user's session id answers 404 and ends nothing, like one that does not exist", async (t) => {
  const { token } = await signUp(instance, 'thief@example.com');
  const victim = await signUp(instance, 'victim@example.com');
  const [victimSession = ''] = await sessionIds(victim.token);
  for (const id of [victimSession, 'ses_00000000000000000000', 'nonsense']) {
    const { status, body } = await instance.call(`/auth/sessions/${id}`, { method: 'DELETE', session: token });
    t.is(status, 404);
    t.is(body.error.code, 'not_found');
  }
  t.is((await instance.call('/auth/session', { session: victim.token })).status, 200);
});

test('all other sessions can be ended at once', async (t) => {
  const { token } = await signUp(instance, 'end-others@example.com');
  const others = [await signIn('end-others@example.com'), await signIn('end-others@example.com')];
  t.is((await instance.call('/auth/sessions', { method: 'DELETE', session: token })).status, 204);
  for (const other of others) t.is((await instance.call('/auth/session', { session: other })).status, 401);
  t.is((await sessionIds(token)).length, 1);
});

test('a secret key with sessions:manage lists and ends the sessions of a user', async (t) => {
  const { id, token } = await signUp(instance, 'managed@example.com');
  const second = await signIn('managed@example.com');
  const manage = { key: 'secret', scopes: 'sessions:manage' } as const;
  const listed = await instance.call(`/users/${id}/sessions`, manage);
  t.is(listed.body.total, 2);
  t.false(JSON.stringify(listed.body).includes(token));
  t.is((await instance.call(`/users/${id}/sessions/${listed.body.data[0]?.id}`, { ...manage, method: 'DELETE' })).status, 204);
  t.is((await instance.call('/auth/session', { session: second })).status, 401);
  t.is((await instance.call(`/users/${id}/sessions`, { ...manage, method: 'DELETE' })).status, 204);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});

test("a secret key can not end one user's session through another user's path", async (t) => {
  const { token } = await signUp(instance, 'path-owner@example.com');
  const { id: otherId } = await signUp(instance, 'path-other@example.com');
  const [sessionId = ''] = await sessionIds(token);
  t.is((await instance.call(`/users/${otherId}/sessions/${sessionId}`, { method: 'DELETE', key: 'secret' })).status, 404);
  t.is((await instance.call('/auth/session', { session: token })).status, 200);
});

test('managing sessions is refused to public keys and to secret keys without the scope', async (t) => {
  const { id } = await signUp(instance, 'unmanaged@example.com');
  for (const caller of [{ key: 'public', scopes: '*' } as const, { key: 'secret', scopes: 'users:write users:read' } as const]) {
    t.is((await instance.call(`/users/${id}/sessions`, caller)).status, 403);
    t.is((await instance.call(`/users/${id}/sessions`, { ...caller, method: 'DELETE' })).status, 403);
  }
});

test('nobody without a session lists, refreshes or ends any', async (t) => {
  t.is((await instance.call('/auth/sessions', { key: 'secret' })).status, 401);
  t.is((await instance.call('/auth/session/refresh', { method: 'POST' })).status, 401);
  t.is((await instance.call('/auth/sessions', { method: 'DELETE' })).status, 401);
});
