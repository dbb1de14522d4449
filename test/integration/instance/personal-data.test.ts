import test from 'ava';
import { sql } from 'kysely';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';
import { totpCode } from './totp-code.ts';

let smtp: TestSmtpServer;
let instance: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer();
  instance = await startInstance({ mode: 'saas', mailer: smtp.mailer });
});
test.after.always(async () => {
  await instance?.stop();
  await smtp?.stop();
});

interface Lived {
  id: string;
  email: string;
  token: string;
  secrets: string[];
}

const verify = (id: string) => instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });

/** A user who has left traces everywhere: sessions, second factor, open tokens, organizations, invitations sent and received. */
async function live(name: string): Promise<Lived> {
  const email = `${name}@traces.example`;
  const { id, token } = await signUp(instance, email);
  await verify(id);
  const second = (await instance.call('/auth/signin', { body: { email, password } })).body.session?.token ?? '';
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { metadata: { note: name } } });
  await instance.call('/auth/session/refresh', { method: 'POST', session: token });
  await sql`insert into account (id, "providerId", "accountId", "userId", "createdAt", "updatedAt")
    values (${`acc_${name}`}, 'github', ${name}, ${id}, now(), now())`.execute(instance.database);

  const own = await instance.call('/organizations', { body: { name: `Only ${name}` }, session: token });
  const shared = await instance.call('/organizations', { body: { name: 'Shared' }, session: token });
  const colleague = await signUp(instance, `${name}-colleague@other.example`);
  await instance.call(`/organizations/${shared.body.id}/members`, { key: 'secret', body: { userId: colleague.id, role: 'admin' } });
  await instance.call(`/organizations/${shared.body.id}/invitations`, { body: { email: 'guest@other.example' }, session: token });
  const host = await signUp(instance, `${name}-host@other.example`);
  await verify(host.id);
  const theirs = await instance.call('/organizations', { body: { name: 'Theirs' }, session: host.token });
  await instance.call(`/organizations/${theirs.body.id}/invitations`, { body: { email }, session: host.token });
  if (own.status !== 201) throw new Error('unreachable');

  await instance.call('/auth/password/forgot', { body: { email } });
  await instance.call('/auth/email/change', { body: { newEmail: `${name}-new@traces.example`, password }, session: token });
  const mails = [await smtp.mailTo(email, 2), await smtp.mailTo(`${name}-new@traces.example`)];
  const { body } = await instance.call('/auth/totp/enrol', { body: { password }, session: token });
  await instance.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session: token });
  const { challengeToken } = (await instance.call('/auth/signin', { body: { email, password } })).body;
  const secret = new URL(body.otpauthUri).searchParams.get('secret') ?? '';
  return { id, email, token, secrets: [token, second, challengeToken, secret, ...mails.map((mail) => mail.token), ...body.backupCodes] };
}

/** Every row of every table, as text. */
async function everyRow(): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by tablename`.execute(instance.database);
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const found = await sql<{ row: string }>`select r::text as row from ${sql.table(name)} r`.execute(instance.database);
      return found.rows.map(({ row }) => `${name} ${row}`);
    }),
  );
  return rows.flat();
}

/** Every key of Redis with its value. */
async function everyKey(): Promise<string[]> {
  const keys = await instance.redis.keys('*');
  const read = async (key: string): Promise<unknown> =>
    (await instance.redis.type(key)) === 'hash' ? instance.redis.hgetall(key) : instance.redis.get(key);
  return Promise.all(keys.map(async (key) => `${key} ${JSON.stringify(await read(key))}`));
}

test.serial('an export holds all that is stored about the user, and no secret', async (t) => {
  const { id, email, token, secrets } = await live('exported');
  const own = await instance.call('/auth/user/export', { session: token });
  const byBackend = await instance.call(`/users/${id}/export`, { key: 'secret', scopes: 'users:read' });
  for (const { status, body } of [own, byBackend]) {
    t.is(status, 200);
    const exported = body as unknown as Record<string, Record<string, unknown>[]> & { user: Record<string, unknown> };
    t.like(exported.user, { id, email, metadata: { note: 'exported' }, twoFactorEnabled: true });
    t.deepEqual(exported['accounts']?.map(({ providerId }) => providerId).sort(), ['credential', 'github']);
    t.deepEqual(exported['memberships']?.map(({ organizationName }) => organizationName).sort(), ['Only exported', 'Shared']);
    t.deepEqual(
      exported['invitations']?.map(({ organizationName }) => organizationName),
      ['Theirs'],
    );
    t.deepEqual(
      exported['sentInvitations']?.map(({ email: to }) => to),
      ['guest@other.example'],
    );
    t.true((exported['sessions']?.length ?? 0) > 0);
    t.deepEqual(exported['pendingTokens']?.map(({ purpose }) => purpose).sort(), [
      ...['change-email', 'reset-password', 'totp-challenge', 'undo-email-change'],
    ]);
    const text = JSON.stringify(body);
    t.false(secrets.some((secret) => secret === '' || text.includes(secret)));
    t.notRegex(text, /scrypt|tokenHash|"password"|backupCodes/);
  }
});

test.serial('an export is refused to others', async (t) => {
  const { id } = await signUp(instance, 'private@traces.example');
  const { token } = await signUp(instance, 'curious@traces.example');
  t.is((await instance.call(`/users/${id}/export`, { session: token })).status, 403);
  t.is((await instance.call('/auth/user/export')).status, 401);
  t.is((await instance.call(`/users/${id}/export`, { key: 'secret', scopes: 'users:write' })).status, 403);
});

const erase = test.macro(async (t, name: string, remove: (lived: Lived) => Promise<{ status: number }>) => {
  const lived = await live(name);
  const mentions = async (): Promise<string[]> =>
    [...(await everyRow()), ...(await everyKey())].filter((text) => text.includes(lived.id) || text.includes(name));
  const before = await mentions();
  for (const place of [
    'user ',
    'session ',
    'account ',
    'oneTimeToken ',
    'twoFactor ',
    'member ',
    'invitation ',
    'organization ',
    'auth:',
  ]) {
    t.true(
      before.some((text) => text.startsWith(place)),
      place,
    );
  }
  t.is((await remove(lived)).status, 204);
  // The names of the other users of this test have the name in them.
  const others = new RegExp(`${name}-(colleague|host)`);
  t.deepEqual(
    (await mentions()).filter((text) => !others.test(text)),
    [],
  );
  t.is((await instance.call('/auth/session', { session: lived.token })).status, 401);
});
test.serial('after a deletion by the backend no row of any table and no key of Redis mentions the user', erase, 'erased', ({ id }) =>
  instance.call(`/users/${id}`, { method: 'DELETE', key: 'secret' }),
);
test.serial('after a deletion by themselves neither', erase, 'departed', async ({ id, token }) => {
  const shared = (await instance.call('/organizations?search=Shared', { session: token })).body.data[0]?.id ?? '';
  const members = (await instance.call(`/organizations/${shared}/members`, { key: 'secret' })).body.data;
  const heir = members.find(({ user }) => user.id !== id)?.id ?? '';
  await instance.call(`/organizations/${shared}/members/${heir}`, { method: 'PATCH', key: 'secret', body: { role: 'owner' } });
  return instance.call('/auth/user', { method: 'DELETE', body: { password }, session: token });
});

test.serial('an organization of several outlives its owner, without the invitations they sent; the backend appoints another', async (t) => {
  const owner = await signUp(instance, 'gone-owner@traces.example');
  await instance.call(`/users/${owner.id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  const { body } = await instance.call('/organizations', { body: { name: 'Outlives' }, session: owner.token });
  const heir = await signUp(instance, 'heir@traces.example');
  const path = `/organizations/${body.id}`;
  const member = await instance.call(`${path}/members`, { key: 'secret', body: { userId: heir.id, role: 'admin' } });
  await instance.call(`${path}/invitations`, { body: { email: 'still-invited@other.example' }, session: owner.token });
  t.is((await instance.call(`${path}/invitations`, { session: heir.token })).body.total, 1);
  await instance.call(`/users/${owner.id}`, { method: 'DELETE', key: 'secret' });
  t.is((await instance.call(`${path}/invitations`, { session: heir.token })).body.total, 0);
  t.is((await instance.call(`${path}/members/${member.body.id}`, { method: 'PATCH', key: 'secret', body: { role: 'owner' } })).status, 200);
});
