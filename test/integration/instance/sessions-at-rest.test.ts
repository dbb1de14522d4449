import test from 'ava';
import { sql } from 'kysely';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { prune } from '../../../services/instance/maintenance/prune.ts';
import { removeOldCopies } from '../../../services/instance/maintenance/remove-old-copies.ts';
import { signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

const day = 86_400;
let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ sessionTimeoutSeconds: 30 * day, sessionLifetimeSeconds: 90 * day });
});
test.after.always(() => instance?.stop());

const read = (session: string) => instance.call('/auth/session', { session });

/** As if the user had signed in that long ago. */
async function signedInBefore(token: string, age: string): Promise<void> {
  await sql`update session set "createdAt" = now() - ${age}::interval where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.del(`auth:${hashToken(token)}`);
}

test.serial('no session token is stored: not in PostgreSQL, not in Redis; and its hash is no session', async (t) => {
  const { token } = await signUp(instance, 'at-rest@example.com');
  await instance.call('/auth/session/refresh', { method: 'POST', session: token });
  t.is((await read(token)).body.session?.token, token);
  const { rows } = await sql<{ row: string }>`select s::text as row from session s`.execute(instance.database);
  const keys = await instance.redis.keys('*');
  const values = await Promise.all(keys.map(async (key) => `${key} ${(await instance.redis.get(key)) ?? ''}`));
  const stored = [...rows.map(({ row }) => row), ...values];
  t.true(stored.some((text) => text.includes(hashToken(token))));
  t.false(stored.some((text) => text.includes(token)));
  t.is((await read(hashToken(token))).status, 401);
  t.is((await read(hashToken(token).slice(0, 32))).status, 401);
});

test.serial('a session that an older replica stored goes on, is hashed within the hour, and can be ended before', async (t) => {
  const { token } = await signUp(instance, 'older@example.com');
  const { token: ended } = await signUp(instance, 'older-ended@example.com');
  for (const one of [token, ended]) {
    await sql`update session set token = ${one} where token = ${hashToken(one)}`.execute(instance.database);
    await instance.redis.del(`auth:${hashToken(one)}`);
    t.is((await read(one)).status, 200);
  }
  t.is((await instance.call('/auth/signout', { method: 'POST', session: ended })).status, 204);
  t.is((await read(ended)).status, 401);
  t.false(await prune(instance.database));
  const { rows } = await sql`select 1 from session where token = ${hashToken(token)}`.execute(instance.database);
  t.is(rows.length, 1);
  t.is((await read(token)).status, 200);
});

test.serial('what earlier versions left in Redis under tokens is removed, and nothing else', async (t) => {
  const { token } = await signUp(instance, 'copies@example.com');
  const old = [`auth:${'a'.repeat(32)}`, 'auth:active-sessions-usr_1', 'auth:revoked-sessions-before-usr_1'];
  for (const key of old) await instance.redis.set(key, '{}');
  const before = (await instance.redis.keys('*')).length;
  t.is(await removeOldCopies(instance.redis), old.length);
  t.is((await instance.redis.keys('*')).length, before - old.length);
  t.is(await instance.redis.exists(`auth:${hashToken(token)}`), 1);
});

test.serial('a session in use ends at its lifetime, and is never prolonged past it', async (t) => {
  const { token } = await signUp(instance, 'lifetime@example.com');
  await signedInBefore(token, '80 days');
  const refreshed = await instance.call('/auth/session/refresh', { method: 'POST', session: token });
  const leftDays = (Date.parse(refreshed.body.session?.expiresAt ?? '') - Date.now()) / (day * 1_000);
  t.true(leftDays > 9.9 && leftDays <= 10, `${leftDays}`);
  // No write at every look, though the session can not get its whole timeout.
  t.is((await read(token)).headers.get('x-authsome-event'), null);
  const jwt = await instance.call('/auth/token', { method: 'POST', session: token });
  t.is(jwt.status, 200);

  await signedInBefore(token, '91 days');
  t.is((await read(token)).status, 401);
  t.is((await instance.call('/auth/session/refresh', { method: 'POST', session: token })).status, 401);
  t.is((await instance.call('/auth/token', { method: 'POST', session: token })).status, 401);
});

test.serial('a session whose stored end is past its lifetime ends at the lifetime, and so does its JWT', async (t) => {
  const { token } = await signUp(instance, 'shortened@example.com');
  await signedInBefore(token, '89 days 23 hours 55 minutes');
  const jwt = await instance.call('/auth/token', { method: 'POST', session: token });
  t.true(Date.parse(jwt.body.expiresAt) < Date.now() + 5 * 60_000 + 1_000);
});

test.serial('what has expired is pruned in portions, and what has not stays', async (t) => {
  const { id, token } = await signUp(instance, 'pruned@example.com');
  await sql`insert into session (id, token, "userId", "createdAt", "updatedAt", "expiresAt")
    select 'ses_old' || n, 'hash' || n, ${id}, now(), now(), now() - interval '1 second' from generate_series(1, 6000) n`.execute(
    instance.database,
  );
  await sql`insert into "oneTimeToken" (id, purpose, "tokenHash", "userId", attempts, "createdAt", "expiresAt")
    select 'ott_' || n, 'totp-challenge', 'hash' || n, ${id}, 0, now(), now() + n * interval '1 hour' from generate_series(-1, 1) n where n <> 0`.execute(
    instance.database,
  );
  await sql`insert into verification (id, identifier, value, "expiresAt", "createdAt", "updatedAt")
    values ('ver_old', 'x', 'x', now() - interval '1 second', now(), now())`.execute(instance.database);
  await sql`insert into organization (id, name, slug, "createdAt") values ('org_prune', 'x', 'prune', now())`.execute(instance.database);
  await sql`insert into invitation (id, "organizationId", email, role, status, "expiresAt", "createdAt")
    values ('inv_old', 'org_prune', 'x@example.com', 'member', 'pending', now() - interval '1 second', now())`.execute(instance.database);
  t.true(await prune(instance.database));
  // Two replicas at once do no harm.
  await Promise.all([prune(instance.database), prune(instance.database)]);
  t.false(await prune(instance.database));
  const { rows } = await sql<{ left: string }>`
    select 'session' as left from session where "userId" = ${id}
    union all select id from "oneTimeToken" where "userId" = ${id}
    union all select id from verification union all select id from invitation`.execute(instance.database);
  t.deepEqual(
    rows.map(({ left }) => left),
    ['session', 'ott_1'],
  );
  t.is((await read(token)).status, 200);
});
