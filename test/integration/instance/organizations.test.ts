import test from 'ava';
import { signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ mode: 'saas' });
});
test.after.always(() => instance?.stop());

interface Person {
  id: string;
  token: string;
  memberId: string;
}

interface World {
  organizationId: string;
  owner: Person;
  admin: Person;
  member: Person;
  stranger: Person;
}

const backend = { key: 'secret' } as const;

/** An organization with one of each. */
async function makeWorld(name: string): Promise<World> {
  const [owner, admin, member, stranger] = await Promise.all(
    ['owner', 'admin', 'member', 'stranger'].map(async (role) => ({
      ...(await signUp(instance, `${role}@${name}.example`)),
      memberId: '',
    })),
  );
  if (!owner || !admin || !member || !stranger) throw new Error('unreachable');
  const { body } = await instance.call('/organizations', { body: { name }, session: owner.token });
  const path = `/organizations/${body.id}/members`;
  for (const [person, role] of [[admin, 'admin'] as const, [member, 'member'] as const]) {
    person.memberId = (await instance.call(path, { ...backend, body: { userId: person.id, role } })).body.id;
  }
  const listed = await instance.call(path, backend);
  owner.memberId = listed.body.data.find(({ role }) => role === 'owner')?.id ?? '';
  return { organizationId: body.id, owner, admin, member, stranger };
}

const as = (person: Person, path: string, method = 'GET', body?: object): Promise<Answer> =>
  instance.call(path, { method, body, session: person.token });

test('who makes an organization owns it', async (t) => {
  const { token } = await signUp(instance, 'founder@orgs.example');
  const made = await instance.call('/organizations', { body: { name: 'Ünïcode & Söhne' }, session: token });
  t.is(made.status, 201);
  t.regex(made.body.id, /^org_[a-z0-9]{20}$/);
  t.regex(made.body.slug, /^unicode-sohne-[0-9a-f]{8}$/);
  const listed = await instance.call('/organizations', { session: token });
  t.is(listed.body.total, 1);
  const members = await instance.call(`/organizations/${made.body.id}/members`, { session: token });
  t.deepEqual(
    members.body.data.map(({ role, user }) => [role, user.email]),
    [['owner', 'founder@orgs.example']],
  );
});

test('each role may what it may', async (t) => {
  const { organizationId, owner, admin, member, stranger } = await makeWorld('matrix');
  const path = `/organizations/${organizationId}`;
  const people = { owner, admin, member, stranger };
  const expected = {
    read: [
      { method: 'GET', path },
      { owner: 200, admin: 200, member: 200, stranger: 404 },
    ],
    members: [
      { method: 'GET', path: `${path}/members` },
      { owner: 200, admin: 200, member: 200, stranger: 404 },
    ],
    update: [
      { method: 'PATCH', path, body: { name: 'New name' } },
      { owner: 200, admin: 200, member: 403, stranger: 404 },
    ],
    invitations: [
      { method: 'GET', path: `${path}/invitations` },
      { owner: 200, admin: 200, member: 403, stranger: 404 },
    ],
    add: [
      { method: 'POST', path: `${path}/members`, body: { userId: stranger.id } },
      { owner: 403, admin: 403, member: 403, stranger: 403 },
    ],
    remove: [
      { method: 'DELETE', path: `${path}/members/mem_00000000000000000000` },
      { owner: 404, admin: 404, member: 404, stranger: 404 },
    ],
    delete: [
      { method: 'DELETE', path },
      { admin: 403, member: 403, stranger: 404, owner: 204 },
    ],
  } as const;
  for (const [what, [request, statuses]] of Object.entries(expected)) {
    for (const [role, status] of Object.entries(statuses)) {
      const answer = await as(
        people[role as keyof typeof people],
        request.path,
        request.method,
        'body' in request ? request.body : undefined,
      );
      t.is(answer.status, status, `${role} ${what}`);
    }
  }
  t.is((await as(owner, path)).status, 404);
});

test('an admin changes members and admins, but nobody above them, and makes no owner', async (t) => {
  const { organizationId, owner, admin, member } = await makeWorld('ranks');
  const path = `/organizations/${organizationId}/members`;
  t.is((await as(admin, `${path}/${member.memberId}`, 'PATCH', { role: 'admin' })).body.role, 'admin');
  t.is((await as(admin, `${path}/${member.memberId}`, 'PATCH', { role: 'member' })).status, 200);
  t.is((await as(admin, `${path}/${member.memberId}`, 'PATCH', { role: 'owner' })).status, 403);
  t.is((await as(admin, `${path}/${admin.memberId}`, 'PATCH', { role: 'owner' })).status, 403);
  t.is((await as(admin, `${path}/${owner.memberId}`, 'PATCH', { role: 'member' })).status, 403);
  t.is((await as(admin, `${path}/${owner.memberId}`, 'DELETE')).status, 403);
  t.is((await as(member, `${path}/${admin.memberId}`, 'DELETE')).status, 403);
  t.is((await as(member, `${path}/${member.memberId}`, 'PATCH', { role: 'admin' })).status, 403);
  t.is((await as(admin, `${path}/${member.memberId}`, 'DELETE')).status, 204);
  t.is((await as(member, `/organizations/${organizationId}`)).status, 404);
});

test('the last owner can neither leave nor step down, not even two at once; a member leaves freely', async (t) => {
  const { organizationId, owner, admin, member } = await makeWorld('last');
  const path = `/organizations/${organizationId}/members`;
  const refused = await as(owner, `${path}/${owner.memberId}`, 'DELETE');
  t.is(refused.status, 409);
  t.deepEqual(refused.body.error.details, { reason: 'last_owner' });
  t.is((await as(owner, `${path}/${owner.memberId}`, 'PATCH', { role: 'admin' })).status, 409);
  t.is((await as(member, `${path}/${member.memberId}`, 'DELETE')).status, 204);

  await as(owner, `${path}/${admin.memberId}`, 'PATCH', { role: 'owner' });
  const both = await Promise.all([as(owner, `${path}/${owner.memberId}`, 'DELETE'), as(admin, `${path}/${admin.memberId}`, 'DELETE')]);
  t.deepEqual(both.map(({ status }) => status).sort(), [204, 409]);
});

test("another organization's member is not reached through one's own", async (t) => {
  const mine = await makeWorld('mine');
  const theirs = await makeWorld('theirs');
  const path = `/organizations/${mine.organizationId}/members/${theirs.member.memberId}`;
  t.is((await as(mine.owner, path, 'DELETE')).status, 404);
  t.is((await as(mine.owner, path, 'PATCH', { role: 'owner' })).status, 404);
  t.is((await as(theirs.member, `/organizations/${theirs.organizationId}`)).status, 200);
});

test('the backend makes, lists, changes and deletes organizations by its scopes', async (t) => {
  const { id } = await signUp(instance, 'backend-owner@orgs.example');
  const write = { key: 'secret', scopes: 'organizations:write' } as const;
  const read = { key: 'secret', scopes: 'organizations:read' } as const;
  const body = { name: 'Backend', slug: 'backend-made', ownerId: id, metadata: { plan: 'x' } };
  t.is((await instance.call('/organizations', { ...read, body })).status, 403);
  const made = await instance.call('/organizations', { ...write, body });
  t.is(made.status, 201);
  t.deepEqual(made.body.metadata, { plan: 'x' });
  t.is((await instance.call('/organizations', { ...write, body })).status, 409);
  t.is(
    (await instance.call('/organizations', { ...write, body: { ...body, slug: 'other', ownerId: 'usr_00000000000000000000' } })).status,
    404,
  );
  t.is((await instance.call('/organizations', { ...write, body: { name: 'No owner' } })).status, 400);

  const found = await instance.call('/organizations?search=backend-m', read);
  t.deepEqual(
    found.body.data.map(({ id: organizationId }) => organizationId),
    [made.body.id],
  );
  const path = `/organizations/${made.body.id}`;
  t.is((await instance.call(path, write)).status, 403);
  t.is((await instance.call(path, { ...write, method: 'PATCH', body: { metadata: {} } })).status, 200);
  t.is((await instance.call(path, { ...read, method: 'DELETE' })).status, 403);
  t.is((await instance.call(path, { ...write, method: 'DELETE' })).status, 204);
  t.is((await instance.call(path, read)).status, 404);
});

test('a public key without a session reaches no organization', async (t) => {
  const { organizationId } = await makeWorld('public');
  for (const path of ['/organizations', `/organizations/${organizationId}`, `/organizations/${organizationId}/members`]) {
    t.is((await instance.call(path, { key: 'public', scopes: '*' })).status, 401);
  }
});

test("metadata is the backend's: users neither see nor set it", async (t) => {
  const { organizationId, owner } = await makeWorld('metadata');
  await instance.call(`/organizations/${organizationId}`, { ...backend, method: 'PATCH', body: { metadata: { secret: 1 } } });
  t.false('metadata' in (await as(owner, `/organizations/${organizationId}`)).body);
  t.is((await as(owner, `/organizations/${organizationId}`, 'PATCH', { metadata: {} })).status, 400);
  t.is((await as(owner, '/organizations', 'POST', { name: 'x', ownerId: owner.id })).status, 400);
});

test('where the application is no SaaS, organizations are unknown paths', async (t) => {
  const standalone = await startInstance({ mode: 'standalone' });
  t.teardown(() => standalone.stop());
  const { token } = await signUp(standalone, 'alone@example.com');
  for (const path of ['/organizations', '/organizations/org_00000000000000000000/members', '/auth/invitations']) {
    t.is((await standalone.call(path, { session: token })).status, 404);
    t.is((await standalone.call(path, backend)).status, 404);
  }
});
