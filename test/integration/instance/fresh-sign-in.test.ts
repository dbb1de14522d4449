import test from 'ava';
import { sql } from 'kysely';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';
import { totpCode } from './totp-code.ts';

const page = 'https://shop.example.com/account?tab=email';

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

interface Person {
  id: string;
  email: string;
  token: string;
}

async function verified(name: string): Promise<Person> {
  const email = `${name}@fresh.example`;
  const { id, token } = await signUp(instance, email);
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  return { id, email, token };
}

/** Somebody who signs in with a provider: without a password. */
async function withoutPassword(name: string): Promise<Person> {
  const person = await verified(name);
  await sql`delete from account where "userId" = ${person.id}`.execute(instance.database);
  return person;
}

async function grow(token: string, age: string): Promise<void> {
  await sql`update session set "createdAt" = now() - ${age}::interval where token = ${hashToken(token)}`.execute(instance.database);
  await instance.redis.del(`auth:${hashToken(token)}`);
}

const changeEmail = (session: string, newEmail: string, given?: string): Promise<Answer> =>
  instance.call('/auth/email/change', { body: { newEmail, password: given, redirectUrl: page }, session });
const verify = (token: string): Promise<Answer> => instance.call('/auth/email/verify', { body: { token } });

for (const [what, path, body] of [
  ['a change of the address', '/auth/email/change', { newEmail: 'thief@fresh.example' }],
  ['an enrolment of a second factor', '/auth/totp/enrol', {}],
] as const) {
  test(`without a password, ${what} needs a fresh sign-in, and a refresh makes none`, async (t) => {
    const { token } = await withoutPassword(what.replaceAll(' ', '-'));
    await grow(token, '20 minutes');
    await instance.call('/auth/session/refresh', { method: 'POST', session: token });
    const refused = await instance.call(path, { body, session: token });
    t.is(refused.status, 403);
    t.deepEqual(refused.body.error.details, { reason: 'session_not_fresh' });
    await grow(token, '10 minutes');
    t.true((await instance.call(path, { body, session: token })).status < 300);
  });
}

test('the proven old address is told at once, and its link stops a change that is under way', async (t) => {
  const { id, email, token } = await verified('stopped');
  t.is((await changeEmail(token, 'stopped-thief@fresh.example', password)).status, 202);
  const notice = await smtp.mailTo(email);
  t.regex(notice.text, /is about to get another e-mail address/);
  t.regex(notice.link ?? '', /^https:\/\/shop\.example\.com\/account\?tab=email&token=/);
  t.false(notice.text.includes('stopped-thief@'));
  const { token: confirmation } = await smtp.mailTo('stopped-thief@fresh.example');
  const stopped = await verify(notice.token);
  t.is(stopped.status, 200);
  t.like(stopped.body.user, { id, email });
  t.is((await verify(confirmation)).status, 400);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});

test('the link undoes a change that was completed, with all that the thief set up, and a new password is set by mail', async (t) => {
  const { id, email, token } = await verified('undone');
  await changeEmail(token, 'undone-thief@fresh.example', password);
  const { token: undo } = await smtp.mailTo(email);
  await verify((await smtp.mailTo('undone-thief@fresh.example')).token);
  const { body } = await instance.call('/auth/totp/enrol', { body: { password }, session: token });
  await instance.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session: token });
  await sql`insert into account (id, "providerId", issuer, "accountId", "userId", "createdAt", "updatedAt")
    values ('acc_undone', 'github', '', 'thief', ${id}, now(), now())`.execute(instance.database);
  const changed = await instance.call('/auth/password/change', {
    body: { currentPassword: password, newPassword: 'password of the thief' },
    session: token,
  });
  const thief = changed.body.session?.token;

  const undone = await verify(undo);
  t.is(undone.status, 200);
  t.like(undone.body.user, { id, email, emailVerified: true, twoFactorEnabled: false });
  t.is((await instance.call('/auth/session', { session: thief })).status, 401);
  const { rows } = await sql`select "providerId" from account where "userId" = ${id}`.execute(instance.database);
  t.deepEqual(rows, []);
  for (const tried of [password, 'password of the thief']) {
    t.is((await instance.call('/auth/signin', { body: { email, password: tried } })).status, 401);
  }
  // After the notices of the request and of the change.
  const reset = await smtp.mailTo(email, 3);
  await instance.call('/auth/password/reset', { body: { token: reset.token, newPassword: 'password of the owner' } });
  t.truthy((await instance.call('/auth/signin', { body: { email, password: 'password of the owner' } })).body.session);
  t.is((await verify(undo)).status, 400);
});

test('a thief who changes the address twice can not void the way back of the first owner', async (t) => {
  const { email, token } = await verified('chained');
  await changeEmail(token, 'chained-1@fresh.example', password);
  const { token: undo } = await smtp.mailTo(email);
  await verify((await smtp.mailTo('chained-1@fresh.example')).token);
  await changeEmail(token, 'chained-2@fresh.example', password);
  await verify((await smtp.mailTo('chained-2@fresh.example')).token);
  const { token: undoByThief } = await smtp.mailTo('chained-1@fresh.example', 2);
  t.is((await verify(undoByThief)).body.user.email, 'chained-1@fresh.example');
  t.is((await verify(undo)).body.user.email, email);
});

/** A thief has completed a change of the address; the old one is free. */
async function moved(name: string): Promise<{ owner: Person; undo: string }> {
  const owner = await verified(name);
  await changeEmail(owner.token, `${name}-thief@fresh.example`, password);
  const { token: undo } = await smtp.mailTo(owner.email);
  await verify((await smtp.mailTo(`${name}-thief@fresh.example`)).token);
  return { owner, undo };
}

test('a thief who signs up with the freed address does not bar the way back: the unproven sign-up is removed', async (t) => {
  const { owner, undo } = await moved('squatted');
  const squatter = await signUp(instance, owner.email);
  const undone = await verify(undo);
  t.is(undone.status, 200);
  t.like(undone.body.user, { id: owner.id, email: owner.email, emailVerified: true });
  t.is((await instance.call('/auth/session', { session: squatter.token })).status, 401);
  t.is((await instance.call(`/users/${squatter.id}`, { key: 'secret' })).status, 404);
  t.is((await instance.call('/auth/session', { session: owner.token })).status, 401);
});

test('where another user has proven the freed address, the way back answers 409 and stays', async (t) => {
  const { owner, undo } = await moved('reassigned');
  const other = await verified('reassigned');
  const refused = await verify(undo);
  t.is(refused.status, 409);
  t.deepEqual(refused.body.error.details, { field: 'email', reason: 'already_in_use' });
  t.is((await instance.call('/auth/session', { session: other.token })).status, 200);
  await instance.call(`/users/${other.id}`, { key: 'secret', method: 'DELETE' });
  t.like((await verify(undo)).body.user, { id: owner.id, email: owner.email });
});

test('an address that was never proven gets word, but no way to take the account', async (t) => {
  const { token } = await signUp(instance, 'mistyped@fresh.example');
  await changeEmail(token, 'typed-right@fresh.example', password);
  const notice = await smtp.mailTo('mistyped@fresh.example');
  t.regex(notice.text, /is about to get another e-mail address/);
  t.is(notice.token, '');
});

test('the owner gets word of a second factor that was turned on', async (t) => {
  const { email, token } = await verified('factor');
  const { body } = await instance.call('/auth/totp/enrol', { body: { password, issuer: 'My Shop' }, session: token });
  t.true(body.otpauthUri.includes('issuer=My%20Shop'));
  await instance.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session: token });
  t.regex((await smtp.mailTo(email)).text, /needs a code of an authenticator app/);
});

test('after the backend changed an address it is unproven unless said, both addresses get word, and links to the old one are void', async (t) => {
  const { id, email } = await verified('moved');
  await instance.call('/auth/password/forgot', { body: { email } });
  const { token } = await smtp.mailTo(email);
  const patch = (body: object): Promise<Answer> => instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body });
  t.true((await patch({ email: 'MOVED@fresh.example' })).body.emailVerified);
  const moved = await patch({ email: 'moved-2@fresh.example' });
  t.like(moved.body, { email: 'moved-2@fresh.example', emailVerified: false });
  t.regex((await smtp.mailTo(email, 2)).text, /has another e-mail address now/);
  t.regex((await smtp.mailTo('moved-2@fresh.example')).text, /was given this e-mail address/);
  t.is((await instance.call('/auth/password/reset', { body: { token, newPassword: 'by an old link' } })).status, 400);
  const { rows } = await sql`select 1 from "oneTimeToken" where "userId" = ${id}`.execute(instance.database);
  t.deepEqual(rows, []);
  t.like((await patch({ email: 'moved-3@fresh.example', emailVerified: true })).body, { emailVerified: true });
});
