import test from 'ava';
import bcrypt from 'bcryptjs';
import { guessPolicies } from '../../../services/shared/guard/guess-policies.ts';
import type { BucketPolicy, GuessPolicies } from '../../../services/shared/guard/guess-policies.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

/** The real limits with a first pause of ten minutes: on a busy machine a second is over before the next guess. */
function patientPolicies(): GuessPolicies {
  const { password: passwords, code, token } = guessPolicies();
  const patient = <T extends Record<string, BucketPolicy>>(buckets: T): T =>
    Object.fromEntries(Object.entries(buckets).map(([name, policy]) => [name, { ...policy, ...pause }])) as T;
  return { password: patient(passwords), code: patient(code), token: patient(token) };
}
const pause = { firstPauseMs: 600_000, longestPauseMs: 600_000, leakMs: 600_000 };

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ guessPolicies: patientPolicies() });
});
test.after.always(() => instance?.stop());

const from = (address: string) => ({ 'x-forwarded-for': address });

function signIn(email: string, given: string, address: string) {
  return instance.call('/auth/signin', { body: { email, password: given }, headers: from(address) });
}

async function statuses(answers: Promise<{ status: number }>[]): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status);
}

test('of forty wrong passwords at once five are compared, the rest get 429 with Retry-After, and the right one is no exception', async (t) => {
  const email = 'guessed@guess.example';
  await signUp(instance, email);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => signIn(email, `wrong password ${n}`, '198.51.100.1')));
  t.is(answers.filter(({ status }) => status === 401).length, 5);
  const refused = answers.filter(({ status }) => status === 429);
  t.is(refused.length, 35);
  for (const { headers, body } of refused) {
    t.is(body.error.code, 'rate_limit_exceeded');
    t.is(headers.get('retry-after'), String(body.error.retryAfter));
  }
  t.is((await signIn(email, password, '198.51.100.1')).status, 429);
});

test('an unknown address is paused as a known one is', async (t) => {
  const answers = await statuses(Array.from({ length: 8 }, () => signIn('nobody@guess.example', 'wrong password', '198.51.100.2')));
  t.deepEqual(answers.toSorted(), [401, 401, 401, 401, 401, 429, 429, 429]);
});

test('a person is not locked out by guesses from elsewhere', async (t) => {
  const email = 'victim@guess.example';
  await signUp(instance, email);
  t.is((await signIn(email, password, '198.51.100.3')).status, 200);
  // Seven addresses: the account's own bucket is full as well.
  for (let address = 1; address <= 7; address += 1)
    await statuses(Array.from({ length: 6 }, () => signIn(email, 'wrong password', `203.0.113.${address}`)));
  t.is((await signIn(email, 'wrong password', '203.0.113.99')).status, 429);
  t.is((await signIn(email, password, '198.51.100.3')).status, 200);
});

test('right passwords are no guesses: twenty sign-ins at once all succeed', async (t) => {
  const email = 'busy@guess.example';
  await signUp(instance, email);
  t.true((await statuses(Array.from({ length: 20 }, () => signIn(email, password, '198.51.100.4')))).every((status) => status === 200));
});

test('a right password forgets the wrong ones of the same person, and not the others of the same address', async (t) => {
  const email = 'clumsy@guess.example';
  await signUp(instance, email);
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < 4; n += 1) t.is((await signIn(email, 'wrong password', '198.51.100.5')).status, 401);
    t.is((await signIn(email, password, '198.51.100.5')).status, 200);
  }
});

test('many accounts tried from one address pause the address, but not those who have signed in from it', async (t) => {
  const email = 'colleague@guess.example';
  await signUp(instance, email);
  t.is((await signIn(email, password, '198.51.100.6')).status, 200);
  // Fewer at once than one client may have in the queue.
  for (let batch = 0; batch < 5; batch += 1)
    await statuses(Array.from({ length: 10 }, (_, n) => signIn(`stuffed-${batch}-${n}@guess.example`, 'wrong password', '198.51.100.6')));
  t.is((await signIn('stuffed-51@guess.example', 'wrong password', '198.51.100.6')).status, 429);
  t.is((await signIn(email, password, '198.51.100.6')).status, 200);
});

for (const [what, body] of [
  ['/auth/password/change', { currentPassword: 'wrong password', newPassword: 'another password' }],
  ['/auth/email/change', { newEmail: 'elsewhere@guess.example', password: 'wrong password' }],
  ['/auth/totp/enrol', { password: 'wrong password' }],
] as const) {
  test(`a session may guess the password by ${what} no more often than a sign-in`, async (t) => {
    const { token } = await signUp(instance, `session${what.replaceAll('/', '-')}@guess.example`);
    const guess = () => instance.call(what, { body, session: token, headers: from('198.51.100.7') });
    const answers = await statuses(Array.from({ length: 8 }, guess));
    t.deepEqual(answers.toSorted(), [401, 401, 401, 401, 401, 429, 429, 429]);
  });
}

test('a session may guess the password by deleting the account no more often than a sign-in', async (t) => {
  const { token } = await signUp(instance, 'session-delete@guess.example');
  const guess = () =>
    instance.call('/auth/user', { method: 'DELETE', body: { password: 'wrong' }, session: token, headers: from('198.51.100.8') });
  t.deepEqual((await statuses(Array.from({ length: 8 }, guess))).toSorted(), [401, 401, 401, 401, 401, 429, 429, 429]);
});

for (const [path, body] of [
  ['/auth/password/reset', { token: 'a'.repeat(43), newPassword: 'another password' }],
  ['/auth/email/verify', { token: 'a'.repeat(43) }],
  ['/auth/totp/challenge', { challengeToken: 'a'.repeat(43), code: '123456' }],
  ['/auth/social/google/callback', { code: 'code', state: 'a'.repeat(43) }],
] as const) {
  test(`made-up tokens at ${path} pause the address they come from`, async (t) => {
    const settings = { clientId: 'id', clientSecret: 'secret' };
    const other = await startInstance({ guessPolicies: patientPolicies(), providers: { social: { google: settings }, oidc: {} } });
    t.teardown(() => other.stop());
    const answers = await statuses(Array.from({ length: 40 }, () => other.call(path, { body, headers: from('198.51.100.9') })));
    t.is(answers.filter((status) => status === 429).length, 10);
  });
}

test('a server with a secret key names the person it asks for, and so shares no pause with them', async (t) => {
  const guess = (address: string) =>
    instance.call('/auth/signin', {
      key: 'secret',
      body: { email: 'served@guess.example', password: 'wrong password' },
      headers: { ...from('192.0.2.10'), 'x-client-address': address },
    });
  t.is((await statuses(Array.from({ length: 6 }, () => guess('198.51.100.10')))).filter((status) => status === 429).length, 1);
  t.is((await guess('198.51.100.11')).status, 401);
});

test('a public key can not name another address than its own', async (t) => {
  const guess = (n: number) =>
    instance.call('/auth/signin', {
      body: { email: 'named@guess.example', password: 'wrong password' },
      headers: { ...from('198.51.100.12'), 'x-client-address': `203.0.113.${n}` },
    });
  t.is((await statuses(Array.from({ length: 6 }, (_, n) => guess(n)))).filter((status) => status === 429).length, 1);
});

test('without Redis the guesses are counted in the process', async (t) => {
  const other = await startInstance({ guessPolicies: patientPolicies() });
  t.teardown(() => other.stop());
  other.instanceRedis.disconnect();
  const guess = () => other.call('/auth/signin', { body: { email: 'a@guess.example', password: 'wrong' }, headers: from('198.51.100.13') });
  t.is((await statuses(Array.from({ length: 8 }, guess))).filter((status) => status === 429).length, 3);
});

test('when Redis goes away, nobody gets new tries', async (t) => {
  const other = await startInstance({ guessPolicies: patientPolicies() });
  t.teardown(() => other.stop());
  const guess = () => other.call('/auth/signin', { body: { email: 'b@guess.example', password: 'wrong' }, headers: from('198.51.100.16') });
  await statuses(Array.from({ length: 5 }, guess));
  other.instanceRedis.disconnect();
  t.is((await guess()).status, 429);
});

test('what is kept in Redis names neither account nor address', async (t) => {
  await signIn('kept@guess.example', 'wrong password', '198.51.100.14');
  const keys = await instance.redis.keys('guard:*');
  t.true(keys.length > 0);
  t.false(keys.join().includes('kept') || keys.join().includes('198.51'));
});

test('a bcrypt hash stays where bcrypt has not seen the whole password', async (t) => {
  const email = 'long@guess.example';
  const right = `${'a'.repeat(72)}RIGHT`;
  const passwordHash = bcrypt.hashSync(right, 6);
  await instance.call('/users/import', { key: 'secret', body: { users: [{ email, passwordHash }] } });
  // bcrypt ends after 72 bytes, so this is the same to it.
  t.is((await signIn(email, `${'a'.repeat(72)}WRONG`, '198.51.100.15')).status, 200);
  t.is((await signIn(email, right, '198.51.100.15')).status, 200);
  const stored = await instance.database
    .selectFrom('account as a')
    .innerJoin('user as u', 'u.id', 'a.userId')
    .select('a.password')
    .where('u.email', '=', email)
    .executeTakeFirst();
  t.is(stored?.password, passwordHash);
});
