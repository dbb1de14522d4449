import test from 'ava';
import { sql } from 'kysely';
import { signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';

let smtp: TestSmtpServer;
let instance: TestInstance;
test.before(async () => {
  smtp = await startSmtpServer();
  instance = await startInstance({ mode: 'saas', mailer: smtp.mailer, allowedOrigins: ['https://shop.example.com'] });
});
test.after.always(async () => {
  await instance?.stop();
  await smtp?.stop();
});

/** An organization and who owns it. */
async function makeOrganization(name: string): Promise<{ path: string; token: string; id: string }> {
  // Who invites must have a verified address.
  const token = await verified(`owner-${Math.random().toString(36).slice(2)}@invite.example`);
  const { body } = await instance.call('/organizations', { body: { name }, session: token });
  return { path: `/organizations/${body.id}`, token, id: body.id };
}

async function verified(email: string): Promise<string> {
  const { id, token } = await signUp(instance, email);
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  return token;
}

test('made-up invitation tokens pause who makes them up', async (t) => {
  const session = await verified('inventor@invite.example');
  const accept = (token: string) =>
    instance.call('/auth/invitations/accept', { body: { token }, session, headers: { 'x-forwarded-for': '198.51.100.1' } });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => accept(String(n).padEnd(43, 'a'))));
  t.true(answers.filter(({ status }) => status === 404).length >= 30);
  t.true(answers.some(({ status }) => status === 429));
});

test('who is invited sees it once their address is verified, and accepts it', async (t) => {
  const { path, token: session, id } = await makeOrganization('Acme');
  const email = 'verified@invite.example';
  const made = await instance.call(`${path}/invitations`, { body: { email, role: 'admin' }, session });
  t.is(made.status, 201);
  t.regex(made.body.id, /^inv_/);
  t.deepEqual(Object.keys(made.body), ['id', 'organizationId', 'email', 'role', 'expiresAt', 'createdAt', 'inviterId']);

  const invited = await verified(email);
  const own = await instance.call('/auth/invitations', { session: invited });
  t.deepEqual(
    own.body.data.map(({ id: invitationId, organizationName }) => [invitationId, organizationName]),
    [[made.body.id, 'Acme']],
  );
  const accepted = await instance.call('/auth/invitations/accept', { body: { id: made.body.id }, session: invited });
  t.is(accepted.status, 200);
  t.like(accepted.body, { organizationId: id, role: 'admin' });
  t.is((await instance.call(path, { session: invited })).status, 200);
  t.is((await instance.call('/auth/invitations/accept', { body: { id: made.body.id }, session: invited })).status, 404);
});

test('who has not verified their address needs the token of the mail', async (t) => {
  const { path, token: session } = await makeOrganization('Tokens');
  const email = 'unverified@invite.example';
  const redirectUrl = 'https://shop.example.com/join';
  const { body } = await instance.call(`${path}/invitations`, { body: { email, redirectUrl }, session });
  const { token: invited } = await signUp(instance, email);
  t.is((await instance.call('/auth/invitations', { session: invited })).body.total, 0);
  t.is((await instance.call('/auth/invitations/accept', { body: { id: body.id }, session: invited })).status, 404);
  const mail = await smtp.mailTo(email);
  t.is(mail.link, `${redirectUrl}?token=${mail.token}`);
  t.is((await instance.call('/auth/invitations/accept', { body: { token: mail.token }, session: invited })).status, 200);
});

test('an invitation is of no use to anybody but who was invited', async (t) => {
  const { path, token: session } = await makeOrganization('Stolen');
  const { body } = await instance.call(`${path}/invitations`, { body: { email: 'rightful@invite.example' }, session });
  const { token } = await smtp.mailTo('rightful@invite.example');
  const thief = await verified('thief@invite.example');
  for (const reference of [{ id: body.id }, { token }]) {
    for (const verb of ['accept', 'reject']) {
      t.is((await instance.call(`/auth/invitations/${verb}`, { body: reference, session: thief })).status, 404);
    }
  }
});

test('an expired invitation, a rejected one and a cancelled one are gone', async (t) => {
  const { path, token: session, id } = await makeOrganization('Gone');
  const email = 'gone@invite.example';
  const invited = await verified(email);
  const invite = async () => (await instance.call(`${path}/invitations`, { body: { email }, session })).body.id;
  const accept = async (invitationId: string) =>
    (await instance.call('/auth/invitations/accept', { body: { id: invitationId }, session: invited })).status;

  const expired = await invite();
  await sql`update invitation set "expiresAt" = now() - interval '1 second' where "organizationId" = ${id}`.execute(instance.database);
  t.is(await accept(expired), 404);
  const rejected = await invite();
  t.is((await instance.call('/auth/invitations/reject', { body: { id: rejected }, session: invited })).status, 204);
  t.is(await accept(rejected), 404);
  const cancelled = await invite();
  t.is((await instance.call(`${path}/invitations/${cancelled}`, { method: 'DELETE', session })).status, 204);
  t.is(await accept(cancelled), 404);
  t.is((await instance.call(`${path}/invitations`, { session })).body.total, 0);
});

test('a second invitation replaces the first; a member is not invited', async (t) => {
  const { path, token: session } = await makeOrganization('Twice');
  const email = 'twice@invite.example';
  const first = await instance.call(`${path}/invitations`, { body: { email }, session });
  const second = await instance.call(`${path}/invitations`, { body: { email: 'Twice@invite.example', role: 'admin' }, session });
  const listed = await instance.call(`${path}/invitations`, { session });
  t.deepEqual(
    listed.body.data.map(({ id }) => id),
    [second.body.id],
  );
  const invited = await verified(email);
  t.is((await instance.call('/auth/invitations/accept', { body: { id: first.body.id }, session: invited })).status, 404);
  await instance.call('/auth/invitations/accept', { body: { id: second.body.id }, session: invited });
  const again = await instance.call(`${path}/invitations`, { body: { email }, session });
  t.is(again.status, 409);
  t.deepEqual(again.body.error.details, { reason: 'already_a_member' });
});

test('an admin invites no owner', async (t) => {
  const { path, token: session } = await makeOrganization('Ranks');
  const invited = await verified('admin@invite.example');
  const { body } = await instance.call(`${path}/invitations`, { body: { email: 'admin@invite.example', role: 'admin' }, session });
  await instance.call('/auth/invitations/accept', { body: { id: body.id }, session: invited });
  const invite = (role: string) => instance.call(`${path}/invitations`, { body: { email: 'x@invite.example', role }, session: invited });
  t.is((await invite('owner')).status, 403);
  t.is((await invite('admin')).status, 201);
});

test('names in the mail are escaped, and hold no address that a mail program would link', async (t) => {
  const { path, token: session } = await makeOrganization('<a href="https://evil.example">evil.example</a> & Co');
  await instance.call(`${path}/invitations`, { body: { email: 'escaped@invite.example' }, session });
  const { text } = await smtp.mailTo('escaped@invite.example');
  t.false(/<a href="https:\/\/evil|evil\.example/.test(text));
  t.true(text.includes('&lt;a href'));
});

test('a link to a page of another origin is refused, and nothing is sent', async (t) => {
  const { path, token: session } = await makeOrganization('Pages');
  const body = { email: 'page@invite.example', redirectUrl: 'https://evil.example/' };
  t.is((await instance.call(`${path}/invitations`, { body, session })).status, 400);
  t.is((await instance.call(`${path}/invitations`, { session })).body.total, 0);
});

test('the backend invites by its scope', async (t) => {
  const { path } = await makeOrganization('Backend');
  const body = { email: 'backend@invite.example' };
  t.is((await instance.call(`${path}/invitations`, { key: 'secret', scopes: 'organizations:read', body })).status, 403);
  t.is((await instance.call(`${path}/invitations`, { key: 'secret', scopes: 'organizations:write', body })).status, 201);
  t.regex((await smtp.mailTo('backend@invite.example')).text, /You are invited to join Backend/);
});
