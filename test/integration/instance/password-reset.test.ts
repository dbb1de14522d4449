import test from 'ava';
import { sql } from 'kysely';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';

let smtp: TestSmtpServer;
let instance: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer();
  instance = await startInstance({ mailer: smtp.mailer, allowedOrigins: ['https://shop.example.com'] });
});
test.after.always(async () => {
  await instance?.stop();
  await smtp?.stop();
});

const newPassword = 'another good password';

async function forget(email: string, redirectUrl?: string): Promise<string> {
  const sent = smtp.mails.filter(({ to }) => to.includes(email.toLowerCase())).length;
  const { status } = await instance.call('/auth/password/forgot', { body: { email, redirectUrl } });
  if (status !== 202) throw new Error(`forgot answered ${status}`);
  return (await smtp.mailTo(email, sent + 1)).token;
}

const reset = (token: string, chosen = newPassword) => instance.call('/auth/password/reset', { body: { token, newPassword: chosen } });

test('a password is set anew with the token of the e-mail, once, and all sessions end', async (t) => {
  const { token: session } = await signUp(instance, 'forgetful@example.com');
  const token = await forget('Forgetful@example.com', 'https://shop.example.com/reset?lang=en');
  const mail = await smtp.mailTo('forgetful@example.com');
  t.is(mail.link, `https://shop.example.com/reset?lang=en&token=${token}`);
  t.is(mail.from, 'no-reply@shop.example.com');
  t.true(mail.secure);

  t.is((await reset(token)).status, 204);
  t.is((await instance.call('/auth/session', { session })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email: 'forgetful@example.com', password } })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email: 'forgetful@example.com', password: newPassword } })).status, 200);

  const again = await reset(token, 'a third good password');
  t.is(again.status, 400);
  t.is(again.body.error.details?.field, 'token');
  t.is((await instance.call('/auth/signin', { body: { email: 'forgetful@example.com', password: newPassword } })).status, 200);
});

test('who sets a new password by e-mail signs in with it at once, however often they tried before', async (t) => {
  const email = 'tried@example.com';
  await signUp(instance, email);
  const signIn = (given: string) => instance.call('/auth/signin', { body: { email, password: given } });
  await Promise.all(Array.from({ length: 12 }, () => signIn('wrong password')));
  t.is((await reset(await forget(email))).status, 204);
  t.is((await signIn(newPassword)).status, 200);
});

test('without a page the mail carries the bare token', async (t) => {
  await signUp(instance, 'bare@example.com');
  const token = await forget('bare@example.com');
  t.is((await smtp.mailTo('bare@example.com')).link, undefined);
  t.is((await reset(token)).status, 204);
});

test('an unknown address gets the same answer and no mail', async (t) => {
  await signUp(instance, 'known-reset@example.com');
  const known = await instance.call('/auth/password/forgot', { body: { email: 'known-reset@example.com' } });
  const unknown = await instance.call('/auth/password/forgot', { body: { email: 'unknown-reset@example.com' } });
  t.is(unknown.status, 202);
  t.deepEqual(unknown.body, known.body);
  await smtp.mailTo('known-reset@example.com');
  t.false(smtp.mails.some(({ to }) => to.includes('unknown-reset@example.com')));
});

for (const redirectUrl of [
  'https://evil.example.com/reset',
  'https://shop.example.com.evil.com/',
  'https://shop.example.com@evil.com/',
  'https://user:pass@shop.example.com/',
  'http://shop.example.com/',
  'https://shop.example.com:8443/',
  '//shop.example.com/',
  '/reset',
  'javascript:alert(1)',
  'https:\\\\evil.com\\@shop.example.com',
]) {
  test(`a link to ${redirectUrl} is refused, whether or not the address is known`, async (t) => {
    const { status, body } = await instance.call('/auth/password/forgot', { body: { email: 'nobody@example.com', redirectUrl } });
    t.is(status, 400);
    t.is(body.error.details?.field, 'redirectUrl');
  });
}

test('an expired token is refused', async (t) => {
  await signUp(instance, 'late@example.com');
  const token = await forget('late@example.com');
  await sql`update "oneTimeToken" set "expiresAt" = now() - interval '1 second'
    where "userId" = (select id from "user" where email = 'late@example.com')`.execute(instance.database);
  t.is((await reset(token)).status, 400);
  t.is((await instance.call('/auth/signin', { body: { email: 'late@example.com', password } })).status, 200);
});

test('a token for another purpose does not reset a password', async (t) => {
  await signUp(instance, 'purpose@example.com');
  await instance.call('/auth/email/verify/resend', { body: { email: 'purpose@example.com' } });
  const { token } = await smtp.mailTo('purpose@example.com');
  t.is((await reset(token)).status, 400);
});

test('a link that was sent to an earlier address of the user is void', async (t) => {
  const { id } = await signUp(instance, 'earlier@example.com');
  const token = await forget('earlier@example.com');
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { email: 'present@example.com' } });
  t.is((await reset(token)).status, 400);
  t.is((await instance.call('/auth/signin', { body: { email: 'present@example.com', password } })).status, 200);
});

test('a change of the password voids links and challenges from before', async (t) => {
  const { token: session } = await signUp(instance, 'voided@example.com');
  const token = await forget('voided@example.com');
  await instance.call('/auth/email/change', { body: { newEmail: 'hijacked@example.com', password }, session });
  const hijack = await smtp.mailTo('hijacked@example.com');
  const body = { currentPassword: password, newPassword };
  t.is((await instance.call('/auth/password/change', { body, session })).status, 200);
  t.is((await reset(token, 'a third good password')).status, 400);
  t.is((await instance.call('/auth/email/verify', { body: { token: hijack.token } })).status, 400);
});

test('of two who use a token at once one gets through', async (t) => {
  await signUp(instance, 'race-reset@example.com');
  const token = await forget('race-reset@example.com');
  const answers = await Promise.all([reset(token), reset(token), reset(token)]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [204, 400, 400]);
});

test('a refused new password leaves the token usable', async (t) => {
  await signUp(instance, 'short-reset@example.com');
  const token = await forget('short-reset@example.com');
  t.is((await reset(token, 'short')).status, 400);
  t.is((await reset(token)).status, 204);
});

test('the database holds the hash of a token only', async (t) => {
  await signUp(instance, 'hashed-token@example.com');
  const token = await forget('hashed-token@example.com');
  const { rows } = await sql<{ row: string }>`select t::text as row from "oneTimeToken" t`.execute(instance.database);
  t.true(rows.length > 0);
  t.false(rows.some(({ row }) => row.includes(token)));
});

test('an address gets five mails an hour, and the answer stays the same', async (t) => {
  await signUp(instance, 'flooded@example.com');
  for (let i = 0; i < 8; i += 1)
    t.is((await instance.call('/auth/password/forgot', { body: { email: 'flooded@example.com' } })).status, 202);
  await smtp.mailTo('flooded@example.com', 5);
  await signUp(instance, 'after-flood@example.com');
  await forget('after-flood@example.com');
  t.is(smtp.mails.filter(({ to }) => to.includes('flooded@example.com')).length, 5);
});

test('a reset removes what somebody else may have left in an account whose address was never proven', async (t) => {
  const { id } = await signUp(instance, 'squatted@example.com');
  await sql`insert into account (id, "providerId", "accountId", "userId", "createdAt", "updatedAt")
    values ('acc_squatter', 'github', 'squatter', ${id}, now(), now())`.execute(instance.database);
  await reset(await forget('squatted@example.com'));
  const { rows } = await sql<{ providerId: string }>`select "providerId" from account where "userId" = ${id}`.execute(instance.database);
  t.deepEqual(rows, [{ providerId: 'credential' }]);
  const { body } = await instance.call('/auth/signin', { body: { email: 'squatted@example.com', password: newPassword } });
  t.true(body.user.emailVerified);
});

test('where the application has no e-mail, what needs one answers 409', async (t) => {
  const plain = await startInstance();
  t.teardown(() => plain.stop());
  const { token } = await signUp(plain, 'plain@example.com');
  for (const [path, body, session] of [
    ['/auth/password/forgot', { email: 'plain@example.com' }, undefined],
    ['/auth/email/verify/resend', { email: 'plain@example.com' }, undefined],
    ['/auth/email/change', { newEmail: 'new@example.com', password }, token],
  ] as const) {
    const answer = await plain.call(path, { body, session });
    t.is(answer.status, 409, path);
    t.deepEqual(answer.body.error.details, { reason: 'email_not_configured' });
  }
});
