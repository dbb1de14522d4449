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
  instance = await startInstance({ mode: 'saas', mailer: smtp.mailer });
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
  const email = `${name}@rights.example`;
  const { id, token } = await signUp(instance, email);
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  return { id, email, token };
}

/** An organization whose second owner has invited another address of theirs, to each role. */
async function makeWorld(name: string) {
  const founder = await verified(`${name}-founder`);
  const inviter = await verified(`${name}-inviter`);
  const { body } = await instance.call('/organizations', { body: { name }, session: founder.token });
  const path = `/organizations/${body.id}`;
  const member = await instance.call(`${path}/members`, { key: 'secret', body: { userId: inviter.id, role: 'owner' } });
  const invited = await Promise.all(
    (['owner', 'admin', 'member'] as const).map(async (role) => {
      const person = await verified(`${name}-${role}`);
      const { status, body: invitation } = await instance.call(`${path}/invitations`, {
        body: { email: person.email, role },
        session: inviter.token,
      });
      if (status !== 201) throw new Error(`The invitation answered ${status}`);
      return { role, person, id: invitation.id, mail: await smtp.mailTo(person.email) };
    }),
  );
  const memberPath = `${path}/members/${member.body.id}`;
  const accept = async (role: string): Promise<number> => {
    const one = invited.find((each) => each.role === role);
    const byMail = await instance.call('/auth/invitations/accept', { body: { token: one?.mail.token }, session: one?.person.token });
    if (byMail.status === 200) return 200;
    return (await instance.call('/auth/invitations/accept', { body: { id: one?.id }, session: one?.person.token })).status;
  };
  const pending = async (): Promise<string[]> =>
    (await instance.call(`${path}/invitations`, { session: founder.token })).body.data.map(({ role }) => role).sort();
  return { founder, inviter, organizationId: body.id, path, memberPath, accept, pending };
}

test.serial('whoever is removed does not return by an invitation that they sent', async (t) => {
  const { founder, memberPath, accept, pending } = await makeWorld('removed');
  t.is((await instance.call(memberPath, { method: 'DELETE', session: founder.token })).status, 204);
  t.deepEqual(await pending(), []);
  for (const role of ['owner', 'admin', 'member']) t.is(await accept(role), 404, role);
});

test.serial('whoever leaves takes the invitations that they sent along', async (t) => {
  const { inviter, memberPath, accept } = await makeWorld('leaving');
  t.is((await instance.call(memberPath, { method: 'DELETE', session: inviter.token })).status, 204);
  for (const role of ['owner', 'admin', 'member']) t.is(await accept(role), 404, role);
});

test.serial('an owner who becomes admin keeps the invitations that an admin may send', async (t) => {
  const { founder, memberPath, accept, pending } = await makeWorld('demoted');
  t.is((await instance.call(memberPath, { method: 'PATCH', body: { role: 'admin' }, session: founder.token })).status, 200);
  t.deepEqual(await pending(), ['admin', 'member']);
  t.is(await accept('owner'), 404);
  t.is(await accept('admin'), 200);
  t.is(await accept('member'), 200);
});

test.serial('an owner who becomes member keeps none', async (t) => {
  const { founder, memberPath, accept } = await makeWorld('member');
  await instance.call(memberPath, { method: 'PATCH', body: { role: 'member' }, session: founder.token });
  for (const role of ['owner', 'admin', 'member']) t.is(await accept(role), 404, role);
});

test.serial('an acceptance asks whether the inviter may still invite, however they lost the right', async (t) => {
  const { inviter, organizationId, accept } = await makeWorld('behind');
  await sql`update member set role = 'admin' where "organizationId" = ${organizationId} and "userId" = ${inviter.id}`.execute(
    instance.database,
  );
  t.is(await accept('owner'), 404);
  t.is(await accept('member'), 200);
  await sql`delete from member where "organizationId" = ${organizationId} and "userId" = ${inviter.id}`.execute(instance.database);
  t.is(await accept('admin'), 404);
});

test.serial('whoever is banned or deleted invites no more', async (t) => {
  const banned = await makeWorld('banned');
  await instance.call(`/users/${banned.inviter.id}/ban`, { key: 'secret', body: {} });
  t.deepEqual(await banned.pending(), []);
  t.is(await banned.accept('admin'), 404);
  const deleted = await makeWorld('deleted');
  await instance.call(`/users/${deleted.inviter.id}`, { key: 'secret', method: 'DELETE' });
  t.deepEqual(await deleted.pending(), []);
  t.is(await deleted.accept('admin'), 404);
});

test.serial("the backend's invitations, and other members', stay", async (t) => {
  const { founder, path, memberPath } = await makeWorld('others');
  const guest = await verified('others-guest');
  const colleague = await verified('others-colleague');
  const byBackend = await instance.call(`${path}/invitations`, { key: 'secret', body: { email: guest.email, role: 'admin' } });
  const byFounder = await instance.call(`${path}/invitations`, { body: { email: colleague.email }, session: founder.token });
  await instance.call(memberPath, { method: 'DELETE', session: founder.token });
  for (const [person, { body }] of [
    [guest, byBackend],
    [colleague, byFounder],
  ] as const) {
    t.is((await instance.call('/auth/invitations/accept', { body: { id: body.id }, session: person.token })).status, 200);
  }
});
