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

const admin = { key: 'secret' } as const;
const find = async (search: string) =>
  (await instance.call(`/users?pageSize=100&search=${encodeURIComponent(search)}`, admin)).body.data.map(({ email }) => email).sort();

test('the backend makes a user, who can sign in', async (t) => {
  const body = { email: 'Made@example.com', password, name: 'Made', emailVerified: true, metadata: { plan: 'gold', tags: ['a'] } };
  const made = await instance.call('/users', { ...admin, body });
  t.is(made.status, 201);
  t.like(made.body, { email: 'made@example.com', name: 'Made', emailVerified: true, banned: false });
  t.deepEqual(made.body.metadata, { plan: 'gold', tags: ['a'] });
  t.is(made.headers.get('x-authsome-event'), null);
  t.is((await instance.call('/auth/signin', { body: { email: 'made@example.com', password } })).status, 200);
  t.is((await instance.call('/users', { ...admin, body })).status, 409);
});

test('a user without a password can not sign in with any', async (t) => {
  t.is((await instance.call('/users', { ...admin, body: { email: 'no-password@example.com' } })).status, 201);
  t.is((await instance.call('/auth/signin', { body: { email: 'no-password@example.com', password } })).status, 401);
});

test('a search finds parts of addresses and names, whatever their case', async (t) => {
  await instance.call('/users', { ...admin, body: { email: 'zoe.quartz@search.example', name: 'Zoë QUARTZ' } });
  await instance.call('/users', { ...admin, body: { email: 'other@search.example', name: 'Quartz Miner' } });
  t.deepEqual(await find('QUARTZ'), ['other@search.example', 'zoe.quartz@search.example']);
  t.deepEqual(await find('quartz@search'), ['zoe.quartz@search.example']);
  t.deepEqual(await find('no such user'), []);
});

test("a search takes LIKE's wildcards as they are", async (t) => {
  await instance.call('/users', { ...admin, body: { email: 'a_b@wild.example', name: '100% a\\b' } });
  await instance.call('/users', { ...admin, body: { email: 'axb@wild.example', name: '100 percent' } });
  t.deepEqual(await find('a_b@wild'), ['a_b@wild.example']);
  t.deepEqual(await find('100%'), ['a_b@wild.example']);
  t.deepEqual(await find('a\\b'), ['a_b@wild.example']);
  t.deepEqual(await find("' or 1=1 --"), []);
});

test('a search has an index for each of what it compares', async (t) => {
  const { rows } = await sql<Record<string, string>>`
    select indexname from pg_indexes where tablename = 'user' and indexname like 'user_%_trgm' order by indexname`.execute(
    instance.database,
  );
  t.deepEqual(
    rows.map(({ indexname }) => indexname),
    ['user_email_trgm', 'user_searched_name_trgm'],
  );
});

test('the backend changes a user, address included, and the cached sessions follow', async (t) => {
  const { id, token } = await signUp(instance, 'changed@example.com');
  await signUp(instance, 'occupied@example.com');
  const body = { name: 'Changed', email: 'Renamed@example.com', emailVerified: true, metadata: { a: { b: null } } };
  const changed = await instance.call(`/users/${id}`, { ...admin, method: 'PATCH', body });
  t.is(changed.status, 200);
  t.like(changed.body, { name: 'Changed', email: 'renamed@example.com', emailVerified: true });
  t.deepEqual((await instance.call(`/users/${id}`, admin)).body.metadata, { a: { b: null } });
  const { user } = (await instance.call('/auth/session', { session: token })).body;
  t.like(user, { name: 'Changed', email: 'renamed@example.com' });
  t.false('metadata' in user);
  const taken = await instance.call(`/users/${id}`, { ...admin, method: 'PATCH', body: { email: 'occupied@example.com' } });
  t.is(taken.status, 409);
  t.is((await instance.call('/users/usr_00000000000000000000', { ...admin, method: 'PATCH', body: { name: 'x' } })).status, 404);
});

for (const [name, metadata] of [
  ['larger than 8 KiB', { text: 'x'.repeat(8_192) }],
  ['a list', [1, 2]],
  ['a text', 'x'],
  ['with U+0000', { text: '\0' }],
] as const) {
  test(`metadata that is ${name} is refused`, async (t) => {
    t.is((await instance.call('/users', { ...admin, body: { email: 'metadata@example.com', metadata } })).status, 400);
  });
}

test('a ban ends the sessions at once, refuses the sign-in with 403 and only after the right password, and can be lifted', async (t) => {
  const email = 'banned@example.com';
  const { id, token } = await signUp(instance, email);
  const banned = await instance.call(`/users/${id}/ban`, { ...admin, body: { reason: 'spam' } });
  t.is(banned.status, 200);
  t.like(banned.body, { banned: true, banReason: 'spam', bannedUntil: null });
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  const refused = await instance.call('/auth/signin', { body: { email, password } });
  t.is(refused.status, 403);
  t.deepEqual(refused.body.error.details, { reason: 'banned' });
  t.is((await instance.call('/auth/signin', { body: { email, password: 'wrong password' } })).status, 401);

  t.like((await instance.call(`/users/${id}/unban`, { ...admin, method: 'POST' })).body, { banned: false, banReason: null });
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 200);
});

test('a ban ends sessions that Redis alone still knows, and those that Redis does not know', async (t) => {
  for (const lost of ['redis', 'database'] as const) {
    const { id, token } = await signUp(instance, `banned-${lost}@example.com`);
    if (lost === 'redis') await instance.redis.flushdb();
    else await sql`delete from session where token = ${hashToken(token)}`.execute(instance.database);
    await instance.call(`/users/${id}/ban`, { ...admin, body: {} });
    t.is((await instance.call('/auth/session', { session: token })).status, 401, lost);
  }
});

test('a ban with an end is over by itself', async (t) => {
  const email = 'banned-briefly@example.com';
  const { id } = await signUp(instance, email);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  t.is((await instance.call(`/users/${id}/ban`, { ...admin, body: { until } })).body.bannedUntil, until);
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 403);
  await sql`update "user" set "banExpires" = now() - interval '1 second' where id = ${id}`.execute(instance.database);
  t.is((await instance.call('/auth/signin', { body: { email, password } })).status, 200);
  t.false((await instance.call(`/users/${id}`, admin)).body.banned);
});

test('a ban that ends in the past is refused', async (t) => {
  const { id } = await signUp(instance, 'banned-past@example.com');
  t.is((await instance.call(`/users/${id}/ban`, { ...admin, body: { until: '2020-01-01T00:00:00Z' } })).status, 400);
});

test('a session that a sign-in began just as its user was banned is worth nothing', async (t) => {
  const { id, token } = await signUp(instance, 'race-ban@example.com');
  // As the row would be where the ban ended the sessions before this one was written.
  await sql`update "user" set banned = true where id = ${id}`.execute(instance.database);
  await instance.redis.flushdb();
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});

test('neither public keys nor secret keys without the scope change users', async (t) => {
  const { id } = await signUp(instance, 'scoped@example.com');
  for (const caller of [{ key: 'public', scopes: '*' } as const, { key: 'secret', scopes: 'users:read sessions:manage' } as const]) {
    for (const [path, method, body] of [
      ['/users', 'POST', { email: 'never@example.com' }],
      ['/users/import', 'POST', { users: [{ email: 'never@example.com' }] }],
      [`/users/${id}`, 'PATCH', { name: 'x' }],
      [`/users/${id}/ban`, 'POST', {}],
      [`/users/${id}/unban`, 'POST', undefined],
      [`/users/${id}`, 'DELETE', undefined],
    ] as const) {
      const { status, body: answer } = await instance.call(path, { ...caller, method, body });
      t.is(status, 403, `${method} ${path}`);
      t.is(answer.error.code, 'forbidden');
    }
  }
  t.is((await instance.call(`/users/${id}/export`, { key: 'public', scopes: '*' })).status, 403);
  t.is((await instance.call(`/users/${id}`, { key: 'secret', scopes: 'users:write' })).status, 403);
});
