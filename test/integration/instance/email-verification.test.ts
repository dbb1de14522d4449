import test from 'ava';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';

let smtp: TestSmtpServer;
/** Addresses must be verified. */
let strict: TestInstance;
/** They need not be. */
let lax: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer({ implicitTls: true });
  strict = await startInstance({
    emailVerificationRequired: true,
    mailer: smtp.mailer,
    allowedOrigins: ['https://shop.example.com'],
    appId: 'app_strict1',
  });
  lax = await startInstance({ mailer: smtp.mailer, appId: 'app_lax12345' });
});
test.after.always(async () => {
  await strict?.stop();
  await lax?.stop();
  await smtp?.stop();
});

const verify = (instance: TestInstance, token: string) => instance.call('/auth/email/verify', { body: { token } });

test('where addresses must be verified, sign-up starts no session and sign-in answers 403 until the link was followed', async (t) => {
  const email = 'unverified@example.com';
  const redirectUrl = 'https://shop.example.com/verify';
  const signedUp = await strict.call('/auth/signup', { body: { email, password, redirectUrl } });
  t.is(signedUp.status, 201);
  t.is(signedUp.body.session, null);
  t.is(signedUp.headers.get('x-authsome-event'), null);
  const signedIn = await strict.call('/auth/signin', { body: { email, password } });
  t.is(signedIn.status, 403);
  t.deepEqual(signedIn.body.error.details, { reason: 'email_not_verified' });

  const { link, token } = await smtp.mailTo(email);
  t.is(link, `${redirectUrl}?token=${token}`);
  const verified = await verify(strict, token);
  t.is(verified.status, 200);
  t.true(verified.body.user.emailVerified);
  t.is((await strict.call('/auth/signin', { body: { email, password } })).status, 200);
  t.is((await verify(strict, token)).status, 400);
});

test('a sign-up with a page of another origin is refused before anything is made', async (t) => {
  const body = { email: 'evil-page@example.com', password, redirectUrl: 'https://evil.example.com/' };
  t.is((await strict.call('/auth/signup', { body })).status, 400);
  t.is((await strict.call('/users?search=evil-page', { key: 'secret' })).body.total, 0);
});

test('where addresses must be verified, a sign-up does not tell whether an address is taken; its owner gets word', async (t) => {
  const body = { email: 'taken@example.com', password, name: 'A' };
  const first = await strict.call('/auth/signup', { body });
  await verify(strict, (await smtp.mailTo('taken@example.com')).token);
  const second = await strict.call('/auth/signup', { body });
  t.is(second.status, 201);
  t.deepEqual(Object.keys(second.body.user), Object.keys(first.body.user));
  t.not(second.body.user.id, first.body.user.id);
  t.is(second.headers.get('x-authsome-event'), null);
  const word = await smtp.mailTo('taken@example.com', 2);
  t.regex(word.text, /already has an account/);
  t.is(word.token, '');
});

test('the link is sent again on request; verified and unknown addresses get the same answer and no mail', async (t) => {
  const email = 'again@example.com';
  await strict.call('/auth/signup', { body: { email, password } });
  await smtp.mailTo(email);
  const answers = await Promise.all(
    [email, 'nobody-again@example.com'].map((address) => strict.call('/auth/email/verify/resend', { body: { email: address } })),
  );
  for (const { status, body } of answers) {
    t.is(status, 202);
    t.deepEqual(body, { accepted: true } as never);
  }
  const { token } = await smtp.mailTo(email, 2);
  t.is((await verify(strict, token)).status, 200);
  // The first link was for the same purpose, and went with the second.
  t.is((await verify(strict, (await smtp.mailTo(email, 1)).token)).status, 400);
  t.is((await strict.call('/auth/email/verify/resend', { body: { email } })).status, 202);
  await strict.call('/auth/signup', { body: { email: 'later@example.com', password } });
  await smtp.mailTo('later@example.com');
  t.is(smtp.mails.filter(({ to }) => to.includes(email)).length, 2);
  t.false(smtp.mails.some(({ to }) => to.includes('nobody-again@example.com')));
});

for (const token of ['', 'x', 'a'.repeat(43), 'a'.repeat(101)]) {
  test(`the token "${token.slice(0, 10)}" (${token.length}) verifies nothing`, async (t) => {
    t.is((await verify(strict, token)).status, 400);
  });
}

test("an address is changed with the password and a link to the new one, and the old one's owner gets word", async (t) => {
  const { id, token: session } = await signUp(lax, 'old@example.com');
  const ask = (body: object) => lax.call('/auth/email/change', { body, session });
  t.is((await ask({ newEmail: 'new@example.com', password: 'wrong password' })).status, 401);
  t.is((await ask({ newEmail: 'new@example.com' })).status, 400);
  t.is((await ask({ newEmail: 'New@example.com', password })).status, 202);
  t.is((await lax.call('/auth/session', { session })).body.user.email, 'old@example.com');

  const { token } = await smtp.mailTo('new@example.com');
  const changed = await verify(lax, token);
  t.is(changed.status, 200);
  t.like(changed.body.user, { id, email: 'new@example.com', emailVerified: true });
  t.is((await lax.call('/auth/session', { session })).body.user.email, 'new@example.com');
  t.regex((await smtp.mailTo('old@example.com')).text, /is about to get another e-mail address/);
  t.regex((await smtp.mailTo('old@example.com', 2)).text, /has another e-mail address now/);
  t.is((await lax.call('/auth/signin', { body: { email: 'new@example.com', password } })).status, 200);
  t.is((await verify(lax, token)).status, 400);
});

test("a change to another user's address gets the same answer, and that user gets word instead of a link", async (t) => {
  const { token: session } = await signUp(lax, 'wants@example.com');
  await signUp(lax, 'has@example.com');
  const { status, body } = await lax.call('/auth/email/change', { body: { newEmail: 'has@example.com', password }, session });
  t.is(status, 202);
  t.deepEqual(body, { accepted: true } as never);
  t.is((await smtp.mailTo('has@example.com')).token, '');
});

test('a change to an address that was taken meanwhile answers 409 and changes nothing', async (t) => {
  const { token: session } = await signUp(lax, 'slow@example.com');
  await lax.call('/auth/email/change', { body: { newEmail: 'contested@example.com', password }, session });
  const { token } = await smtp.mailTo('contested@example.com');
  await signUp(lax, 'contested@example.com');
  t.is((await verify(lax, token)).status, 409);
  t.is((await lax.call('/auth/session', { session })).body.user.email, 'slow@example.com');
});

test('after a change of address an earlier link no longer verifies it', async (t) => {
  const { token: session } = await signUp(lax, 'first@example.com');
  await lax.call('/auth/email/verify/resend', { body: { email: 'first@example.com' } });
  const earlier = await smtp.mailTo('first@example.com');
  await lax.call('/auth/email/change', { body: { newEmail: 'second@example.com', password }, session });
  await verify(lax, (await smtp.mailTo('second@example.com')).token);
  t.is((await verify(lax, earlier.token)).status, 400);
});
