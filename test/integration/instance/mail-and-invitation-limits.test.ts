import test from 'ava';
import { sql } from 'kysely';
import { password, signUp, startInstance } from './start-instance.ts';
import type { CallOptions, TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';

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

async function makeOwner(name: string): Promise<{ id: string; token: string; path: string }> {
  const { id, token } = await signUp(instance, `${name}@limits.example`);
  const { body } = await instance.call('/organizations', { body: { name }, session: token });
  return { id, token, path: `/organizations/${body.id}` };
}

const verify = (id: string) => instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });

test.serial('who has not proven their own address does not write to others', async (t) => {
  const { id, token, path } = await makeOwner('unverified');
  const invite = () => instance.call(`${path}/invitations`, { body: { email: 'stranger@limits.example' }, session: token });
  const refused = await invite();
  t.is(refused.status, 403);
  t.deepEqual(refused.body.error.details, { reason: 'email_not_verified' });
  await verify(id);
  t.is((await invite()).status, 201);
});

test.serial('a user sends 50 invitations in an hour, cancelled ones included; the backend goes on', async (t) => {
  const { id, token, path } = await makeOwner('eager');
  await verify(id);
  for (let i = 0; i < 50; i += 1) {
    const { status, body } = await instance.call(`${path}/invitations`, { body: { email: `guest-${i}@limits.example` }, session: token });
    t.is(status, 201);
    if (i % 2 === 0) await instance.call(`${path}/invitations/${body.id}`, { method: 'DELETE', session: token });
  }
  const refused = await instance.call(`${path}/invitations`, { body: { email: 'one-more@limits.example' }, session: token });
  t.is(refused.status, 429);
  t.true((refused.body.error.retryAfter ?? 0) > 0);
  t.is((await instance.call(`${path}/invitations`, { key: 'secret', body: { email: 'one-more@limits.example' } })).status, 201);
});

test.serial('a user has at most 200 invitations pending over all organizations', async (t) => {
  const { id, token, path } = await makeOwner('hoarder');
  await verify(id);
  const second = (await instance.call('/organizations', { body: { name: 'Second' }, session: token })).body.id;
  await sql`insert into invitation (id, "organizationId", email, role, status, "expiresAt", "createdAt", "inviterId")
    select 'inv_hoard' || n, ${second}, n || '@hoard.example', 'member', 'pending', now() + interval '1 day', now(), ${id}
    from generate_series(1, 200) n`.execute(instance.database);
  const refused = await instance.call(`${path}/invitations`, { body: { email: 'guest@limits.example' }, session: token });
  t.is(refused.status, 409);
  t.deepEqual(refused.body.error.details, { reason: 'too_many_invitations' });
});

test.serial('a user makes 20 organizations in a day, deleted ones included', async (t) => {
  const { token } = await signUp(instance, 'founder@limits.example');
  const make = () => instance.call('/organizations', { body: { name: 'Again' }, session: token });
  for (let i = 0; i < 20; i += 1) {
    const { status, body } = await make();
    t.is(status, 201);
    await instance.call(`/organizations/${body.id}`, { method: 'DELETE', session: token });
  }
  t.is((await make()).status, 429);
});

test.serial('a user owns at most 20 organizations', async (t) => {
  const { id, token } = await signUp(instance, 'owner@limits.example');
  await sql`insert into organization (id, name, slug, "createdAt") select 'org_owned' || n, 'x', 'owned-' || n, now() from generate_series(1, 20) n`.execute(
    instance.database,
  );
  await sql`insert into member (id, "organizationId", "userId", role, "createdAt")
    select 'mem_owned' || n, 'org_owned' || n, ${id}, 'owner', now() from generate_series(1, 20) n`.execute(instance.database);
  const refused = await instance.call('/organizations', { body: { name: 'One more' }, session: token });
  t.is(refused.status, 409);
  t.deepEqual(refused.body.error.details, { reason: 'too_many_organizations' });
});

test.serial('one address gets five mails of a kind in an hour, and a stranger’s requests of one kind leave the others', async (t) => {
  const email = 'flooded@limits.example';
  await signUp(instance, email);
  for (let i = 0; i < 10; i += 1) await instance.call('/auth/email/verify/resend', { body: { email } });
  await instance.call('/auth/password/forgot', { body: { email } });
  await smtp.mailTo(email, 6);
  const subjects = smtp.mails.filter(({ to }) => to.includes(email)).map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1]);
  t.deepEqual(subjects.sort(), ['Set a new password', ...Array.from({ length: 5 }, () => 'Verify your e-mail address')]);
});

test.serial('an application sends no more mails in an hour than it may, and its answers do not tell', async (t) => {
  const small = await startInstance({ mailer: smtp.mailer, mailsPerHour: 3, appId: 'app_limited12' });
  const emails = Array.from({ length: 5 }, (_, i) => `limited-${i}@limits.example`);
  for (const email of emails) await signUp(small, email);
  for (const email of emails) t.is((await small.call('/auth/password/forgot', { body: { email } })).status, 202);
  // Which sends what is still to be sent.
  await small.stop();
  t.is(smtp.mails.filter(({ to }) => to.some((address) => emails.includes(address))).length, 3);
});

test.serial('a client causes 30 mails in an hour without a session; other clients and a customer’s server go on', async (t) => {
  const strict = await startInstance({ mailer: smtp.mailer, appId: 'app_clientlimit', emailVerificationRequired: true });
  const sent = (prefix: string) => smtp.mails.filter(({ to }) => to.some((address) => address.startsWith(prefix))).length;
  const join = (email: string, options: CallOptions = {}) =>
    strict.call('/auth/signup', { body: { email, password }, headers: { 'x-forwarded-for': '198.51.100.7' }, ...options });
  for (let i = 0; i < 32; i += 1) t.is((await join(`flood-${i}@limits.example`)).status, 201);
  await join('neighbour@limits.example', { headers: { 'x-forwarded-for': '198.51.100.8' } });
  await join('by-server@limits.example', { key: 'secret' });
  await strict.stop();
  t.is(sent('flood-'), 30);
  t.is(sent('neighbour@'), 1);
  t.is(sent('by-server@'), 1);
});

test.serial('sign-ups use up four fifths of an application’s mails only: resets and notices still go out', async (t) => {
  const small = await startInstance({ mailer: smtp.mailer, appId: 'app_reserve123', mailsPerHour: 5, emailVerificationRequired: true });
  const sent = (prefix: string) => smtp.mails.filter(({ to }) => to.some((address) => address.startsWith(prefix))).length;
  for (let i = 0; i < 8; i += 1) await small.call('/auth/signup', { body: { email: `many-${i}@limits.example`, password } });
  const email = 'reserved@limits.example';
  await small.call('/users', { key: 'secret', body: { email, emailVerified: true } });
  await small.call('/auth/password/forgot', { body: { email } });
  await small.stop();
  t.is(sent('many-'), 4);
  t.is(sent('reserved@'), 1);
});
