import test from 'ava';
import { sql } from 'kysely';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ mode: 'saas' });
});
test.after.always(() => instance?.stop());

test('name and picture are changed, for all sessions of the user at once', async (t) => {
  const { token } = await signUp(instance, 'profile@example.com');
  const other = (await instance.call('/auth/signin', { body: { email: 'profile@example.com', password } })).body.session?.token;
  const body = { name: 'Ada Lovelace', image: 'https://shop.example.com/ada.png' };
  const changed = await instance.call('/auth/user', { method: 'PATCH', body, session: token });
  t.is(changed.status, 200);
  t.like(changed.body, body);
  for (const session of [token, other]) t.like((await instance.call('/auth/session', { session })).body.user, body);
  t.is((await instance.call('/auth/user', { method: 'PATCH', body: { image: null }, session: token })).body.image, null);
});

for (const [name, body] of [
  ['the e-mail address', { email: 'x@example.com' }],
  ['the verification', { emailVerified: true }],
  ['the metadata', { metadata: { admin: true } }],
  ['a ban', { banned: false }],
  ['a picture as data', { image: 'data:image/png;base64,AAAA' }],
  ['a picture that is a script', { image: 'javascript:alert(1)' }],
  ['a name that is too long', { name: 'x'.repeat(101) }],
] as const) {
  test(`a user can not change ${name} of themselves`, async (t) => {
    const { token } = await signUp(instance, `not-${name.replaceAll(/[^a-z]/g, '')}@example.com`);
    t.is((await instance.call('/auth/user', { method: 'PATCH', body, session: token })).status, 400);
  });
}

test('an own account is deleted with its password', async (t) => {
  const email = 'leaver@example.com';
  const { token } = await signUp(instance, email);
  const remove = (body?: object) => instance.call('/auth/user', { method: 'DELETE', body, session: token });
  t.is((await remove()).status, 400);
  t.is((await remove({ password: 'wrong password' })).status, 401);
  t.is((await instance.call('/auth/session', { session: token })).status, 200);
  t.is((await remove({ password })).status, 204);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 401);
});

test('without a password a deletion needs a fresh sign-in', async (t) => {
  const { id, token } = await signUp(instance, 'passwordless@example.com');
  await sql`delete from account where "userId" = ${id}`.execute(instance.database);
  await sql`update session set "createdAt" = now() - interval '1 hour' where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.flushdb();
  const stale = await instance.call('/auth/user', { method: 'DELETE', session: token });
  t.is(stale.status, 403);
  t.deepEqual(stale.body.error.details, { reason: 'session_not_fresh' });
  await sql`update session set "createdAt" = now() where token = ${hashToken(token)}`.execute(instance.database);
  t.is((await instance.call('/auth/user', { method: 'DELETE', session: token })).status, 204);
});

test('whose deletion would leave others without an owner must hand over first', async (t) => {
  const owner = await signUp(instance, 'sole-owner@example.com');
  const member = await signUp(instance, 'left-behind@example.com');
  const { body } = await instance.call('/organizations', { body: { name: 'Acme' }, session: owner.token });
  const add = await instance.call(`/organizations/${body.id}/members`, { body: { userId: member.id }, key: 'secret' });
  t.is(add.status, 201);
  const remove = () => instance.call('/auth/user', { method: 'DELETE', body: { password }, session: owner.token });
  const refused = await remove();
  t.is(refused.status, 409);
  t.deepEqual(refused.body.error.details, { reason: 'last_owner' });
  await instance.call(`/organizations/${body.id}/members/${add.body.id}`, {
    method: 'PATCH',
    body: { role: 'owner' },
    session: owner.token,
  });
  t.is((await remove()).status, 204);
  t.is((await instance.call(`/organizations/${body.id}`, { session: member.token })).status, 200);
});
