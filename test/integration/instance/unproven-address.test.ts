import test from 'ava';
import { sql } from 'kysely';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';
import { totpCode } from './totp-code.ts';

let smtp: TestSmtpServer;
/** Addresses must be verified. */
let strict: TestInstance;
/** They need not be. */
let lax: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer();
  strict = await startInstance({ emailVerificationRequired: true, mailer: smtp.mailer, appId: 'app_unproven1' });
  lax = await startInstance({ mailer: smtp.mailer, appId: 'app_unproven2' });
});
test.after.always(async () => {
  await strict?.stop();
  await lax?.stop();
  await smtp?.stop();
});

const first = 'password of the first';
const second = 'password of the second';

const tryPassword = (email: string, tried: string, instance = strict): Promise<Answer> =>
  instance.call('/auth/signin', { body: { email, password: tried } });
const verify = (token: string, instance = strict): Promise<Answer> => instance.call('/auth/email/verify', { body: { token } });

/** Signs up twice with one address, and returns the tokens of both mails. */
async function signUpTwice(email: string): Promise<[string, string]> {
  t200(await strict.call('/auth/signup', { body: { email, password: first, name: 'First' } }));
  const { token } = await smtp.mailTo(email);
  t200(await strict.call('/auth/signup', { body: { email, password: second, name: 'Second' } }));
  return [token, (await smtp.mailTo(email, 2)).token];
}

function t200({ status }: Answer): void {
  if (status !== 201) throw new Error(`Sign-up answered ${status}`);
}

for (const [which, right, wrong, name] of [
  [0, first, second, 'First'],
  [1, second, first, 'Second'],
] as const) {
  test(`of two sign-ups with one address the one counts whose mail was followed: number ${which + 1}`, async (t) => {
    const email = `twice-${which}@unproven.example`;
    const tokens = await signUpTwice(email);
    const verified = await verify(tokens[which]);
    t.is(verified.status, 200);
    t.like(verified.body.user, { email, name, emailVerified: true });
    t.is((await tryPassword(email, right)).status, 200);
    t.is((await tryPassword(email, wrong)).status, 401);
    // The other one's link is void, so it swaps nothing later.
    t.is((await verify(tokens[1 - which] ?? '')).status, 400);
    t.is((await tryPassword(email, right)).status, 200);
  });
}

test('a sign-up after the address was verified changes nothing', async (t) => {
  const email = 'later@unproven.example';
  await strict.call('/auth/signup', { body: { email, password: first } });
  await verify((await smtp.mailTo(email)).token);
  await strict.call('/auth/signup', { body: { email, password: second } });
  t.is((await smtp.mailTo(email, 2)).token, '');
  t.is((await tryPassword(email, first)).status, 200);
  t.is((await tryPassword(email, second)).status, 403);
});

test('a link that was asked for again after two sign-ups lets none of their passwords in, and a reset does', async (t) => {
  const email = 'contested@unproven.example';
  await signUpTwice(email);
  await strict.call('/auth/email/verify/resend', { body: { email } });
  t.is((await verify((await smtp.mailTo(email, 3)).token)).status, 200);
  for (const tried of [first, second]) t.is((await tryPassword(email, tried)).status, 401);
  await strict.call('/auth/password/forgot', { body: { email } });
  const { token } = await smtp.mailTo(email, 4);
  t.is((await strict.call('/auth/password/reset', { body: { token, newPassword: 'chosen by the owner' } })).status, 204);
  t.is((await tryPassword(email, 'chosen by the owner')).status, 200);
});

test('a link that was asked for again after one sign-up keeps its password', async (t) => {
  const email = 'resent@unproven.example';
  await strict.call('/auth/signup', { body: { email, password: first } });
  await strict.call('/auth/email/verify/resend', { body: { email } });
  await verify((await smtp.mailTo(email, 2)).token);
  t.is((await tryPassword(email, first)).status, 200);
});

test('a reset before the verification settles the account: links and passwords of sign-ups are void', async (t) => {
  const email = 'reset-first@unproven.example';
  const tokens = await signUpTwice(email);
  await strict.call('/auth/password/forgot', { body: { email } });
  const { token } = await smtp.mailTo(email, 3);
  t.is((await strict.call('/auth/password/reset', { body: { token, newPassword: 'chosen by the owner' } })).status, 204);
  for (const link of tokens) t.is((await verify(link)).status, 400);
  for (const tried of [first, second]) t.is((await tryPassword(email, tried)).status, 401);
  t.is((await tryPassword(email, 'chosen by the owner')).status, 200);
});

test('a person who signs up learns nothing of whether the address is a user’s, from no answer', async (t) => {
  await strict.call('/users', { key: 'secret', body: { email: 'known@unproven.example', password, emailVerified: true } });
  const answers = [];
  for (const email of ['known@unproven.example', 'unknown@unproven.example']) {
    const signedUp = await strict.call('/auth/signup', { body: { email, password: first, name: 'N' } });
    const signedIn = await tryPassword(email, first);
    const { id, createdAt, updatedAt, ...user } = signedUp.body.user;
    t.regex(id, /^usr_[a-z0-9]{20}$/);
    t.is(createdAt, updatedAt);
    t.true(Date.now() - Date.parse(createdAt) < 60_000);
    answers.push({ ...user, email: '', signedUp: signedUp.status, signedIn: signedIn.status, reason: signedIn.body.error.details });
  }
  t.deepEqual(answers[0], answers[1]);
});

test('whoever the backend vouches for signs in with the password of their only sign-up', async (t) => {
  const email = 'vouched@unproven.example';
  const { body } = await strict.call('/auth/signup', { body: { email, password: first } });
  const changed = await strict.call(`/users/${body.user.id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  t.true(changed.body.emailVerified);
  t.is((await tryPassword(email, first)).status, 200);
});

test('one address can hold no more than 20 pending sign-ups, and the first of them still counts', async (t) => {
  const email = 'flooded@unproven.example';
  await strict.call('/auth/signup', { body: { email, password: first } });
  const { token } = await smtp.mailTo(email);
  for (let i = 0; i < 25; i += 1) {
    await strict.call('/auth/signup', { body: { email, password: second }, headers: { 'x-forwarded-for': `198.51.100.${i}` } });
  }
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from "oneTimeToken" o join "user" u on u.id = o."userId"
    where purpose = 'sign-up' and u.email = ${email}`.execute(strict.database);
  t.is(rows[0]?.count, 20);
  t.is((await verify(token)).status, 200);
  t.is((await tryPassword(email, first)).status, 200);
});

test('where addresses need not be verified, a reset by the address’ owner removes all ways in that a squatter left', async (t) => {
  const email = 'squatted@unproven.example';
  const { id, token: session } = await signUp(lax, email);
  await lax.call('/auth/email/change', { body: { newEmail: 'elsewhere@unproven.example', password }, session });
  const { token: change } = await smtp.mailTo('elsewhere@unproven.example');
  const { body } = await lax.call('/auth/totp/enrol', { body: { password }, session });
  await lax.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session });
  await sql`insert into account (id, "providerId", issuer, "accountId", "userId", "createdAt", "updatedAt")
    values ('acc_squatter', 'github', '', 'squatter', ${id}, now(), now())`.execute(lax.database);
  await lax.call('/auth/password/forgot', { body: { email } });
  // After the notices of the change of address and of the second factor.
  const reset = await smtp.mailTo(email, 3);
  t.is((await lax.call('/auth/password/reset', { body: { token: reset.token, newPassword: second } })).status, 204);
  t.is((await lax.call('/auth/session', { session })).status, 401);
  t.is((await verify(change, lax)).status, 400);
  const { rows } = await sql`select 1 from account where id = 'acc_squatter'`.execute(lax.database);
  t.deepEqual(rows, []);
  const signedIn = await tryPassword(email, second, lax);
  t.like(signedIn.body.user, { emailVerified: true, twoFactorEnabled: false });
});

test('where addresses need not be verified, a link consents to the account as it is', async (t) => {
  const email = 'consented@unproven.example';
  const { token: session } = await signUp(lax, email);
  await lax.call('/auth/email/verify/resend', { body: { email } });
  t.is((await verify((await smtp.mailTo(email)).token, lax)).status, 200);
  t.is((await lax.call('/auth/session', { session })).status, 200);
  t.is((await tryPassword(email, password, lax)).status, 200);
});
