import { argon2Sync, pbkdf2Sync, scryptSync } from 'node:crypto';
import test from 'ava';
import bcrypt from 'bcryptjs';
import { hashPassword } from 'better-auth/crypto';
import { sql } from 'kysely';
import { password, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance();
});
test.after.always(() => instance?.stop());

const importUsers = (users: unknown[]) => instance.call('/users/import', { key: 'secret', body: { users } });
const signIn = async (email: string, given = password) =>
  (await instance.call('/auth/signin', { body: { email, password: given } })).status;

async function storedHash(email: string): Promise<string> {
  const { rows } = await sql<{ password: string }>`
    select a.password from account a join "user" u on u.id = a."userId" where u.email = ${email}`.execute(instance.database);
  return rows[0]?.password ?? '';
}

/** Of other parameters than this instance's. */
function otherScryptHash(): string {
  const salt = Buffer.from('fedcba9876543210');
  const key = scryptSync(password, salt, 64, { N: 2_048, r: 8, p: 2 });
  const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=11,r=8,p=2$${encode(salt)}$${encode(key)}`;
}

const rehashes = test.macro(async (t, name: string, makeHash: () => Promise<string> | string) => {
  const email = `${name}@import.example`;
  const passwordHash = await makeHash();
  const { body } = await importUsers([{ email, passwordHash }]);
  t.is(body.results[0]?.status, 'created');
  t.is(await storedHash(email), passwordHash);
  t.is(await signIn(email, 'wrong password'), 401);
  t.is(await storedHash(email), passwordHash);
  t.is(await signIn(email), 200);
  t.regex(await storedHash(email), /^\$scrypt\$ln=10,r=8,p=1\$/);
  t.is(await signIn(email), 200);
  t.is(await signIn(email, 'wrong password'), 401);
});
for (const form of ['2a', '2b', '2y']) {
  test(`a bcrypt hash ($${form}$) signs in and is replaced by ours`, rehashes, `bcrypt-${form}`, () =>
    bcrypt.hashSync(password, 6).replace(/^\$2.\$/, `$${form}$`),
  );
}
test('a PBKDF2 hash of Django signs in and is replaced by ours', rehashes, 'django', () => {
  const key = pbkdf2Sync(password, 'seasalt2', 2_000, 32, 'sha256');
  return `pbkdf2_sha256$2000$seasalt2$${key.toString('base64')}`;
});
test('an argon2 hash signs in and is replaced by ours', rehashes, 'argon2', () => {
  const nonce = Buffer.from('somesalt');
  const key = argon2Sync('argon2id', { message: password, nonce, parallelism: 1, tagLength: 32, memory: 1_024, passes: 2 });
  const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=1024,t=2,p=1$${encode(nonce)}$${encode(key)}`;
});

test('an imported password may be longer than a new one, also once its hash is ours', async (t) => {
  const email = 'long@import.example';
  const long = 'long '.repeat(60);
  const passwordHash = `pbkdf2_sha256$2000$seasalt2$${pbkdf2Sync(long, 'seasalt2', 2_000, 32, 'sha256').toString('base64')}`;
  await importUsers([{ email, passwordHash }]);
  t.is(await signIn(email, `${long}x`), 401);
  t.is(await signIn(email, long), 200);
  t.regex(await storedHash(email), /^\$scrypt\$/);
  t.is(await signIn(email, long), 200);
});

test("a hash in better-auth's form signs in and is replaced by ours", rehashes, 'better-auth', () => hashPassword(password));
test('a scrypt hash of other parameters signs in and is replaced by ours', rehashes, 'scrypt', otherScryptHash);

test('each row has its result; the same request again changes nothing', async (t) => {
  const users = [
    { email: 'One@import.example', name: 'One', emailVerified: true, metadata: { old: 1 }, createdAt: '2020-02-03T04:05:06Z' },
    { email: 'not an address' },
    { email: 'two@import.example', passwordHash: 'plain text' },
    { email: 'one@import.example', name: 'Another' },
    { email: 'three@import.example', admin: true },
    'nonsense',
    { email: 'four@import.example' },
  ];
  const first = await importUsers(users);
  t.is(first.status, 200);
  t.deepEqual(
    first.body.results.map(({ index, status, problem }) => [index, status, problem?.field]),
    [
      [0, 'created', undefined],
      [1, 'invalid', 'email'],
      [2, 'invalid', 'passwordHash'],
      [3, 'exists', undefined],
      [4, 'invalid', 'row'],
      [5, 'invalid', 'row'],
      [6, 'created', undefined],
    ],
  );
  t.is(first.body.results[3]?.userId, first.body.results[0]?.userId);
  const one = await instance.call(`/users/${first.body.results[0]?.userId}`, { key: 'secret' });
  t.like(one.body, { email: 'one@import.example', name: 'One', emailVerified: true, createdAt: '2020-02-03T04:05:06.000Z' });

  const second = await importUsers(users);
  t.deepEqual(
    second.body.results.map(({ status, userId }) => [status, userId]),
    first.body.results.map(({ status, userId }) => [status === 'created' ? 'exists' : status, userId]),
  );
});

for (const [name, passwordHash] of [
  ['a bcrypt hash of cost 15', `$2b$15$${'a'.repeat(53)}`],
  ['a scrypt hash that asks for 1 GiB', `$scrypt$ln=20,r=8,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`],
  ['a scrypt hash that asks for hours', `$scrypt$ln=14,r=8,p=99$${'a'.repeat(22)}$${'a'.repeat(43)}`],
  ['an unsalted hash', 'e'.repeat(64)],
  ['an argon2 hash that asks for 1 GiB', '$argon2id$v=19$m=1048576,t=3,p=4$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA'],
] as const) {
  test(`${name} is refused`, async (t) => {
    const { body } = await importUsers([{ email: 'hash@import.example', passwordHash }]);
    t.is(body.results[0]?.status, 'invalid');
    t.is(body.results[0]?.problem?.field, 'passwordHash');
    t.false(JSON.stringify(body).includes(passwordHash));
  });
}

test('a thousand users go into one request, a thousand and one do not', async (t) => {
  const users = Array.from({ length: 1_001 }, (_, i) => ({ email: `bulk-${i}@import.example`, name: `User ${i}` }));
  t.is((await importUsers(users)).status, 400);
  const startedAt = Date.now();
  const { status, body } = await importUsers(users.slice(0, 1_000));
  t.log(`${Date.now() - startedAt} ms`);
  t.is(status, 200);
  t.true(body.results.every((result) => result.status === 'created'));
  t.is((await instance.call('/users?search=bulk-&pageSize=1', { key: 'secret' })).body.total, 1_000);
});
