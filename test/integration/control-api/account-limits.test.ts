import test from 'ava';
import { pruneLeftovers } from '../../../services/control-api/scheduler/prune-leftovers.ts';
import { newId } from '../../../services/shared/ids.ts';
import { accountLimits, plans } from '../../../services/shared/plans.ts';
import type { MemberRole } from '../../../services/shared/db/tables.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, settle } from '../../support/provisioned-application.ts';

const operatorToken = 'an-operator-token-for-tests-of-limits';
let api: TestControlApi;
test.before(async () => {
  api = await startControlApi({ accountLimits, operatorToken });
});
test.after.always(() => api.close());

const statusesOf = (answers: { status: number }[]): string => {
  const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length;
  return `${count(202)} × 202, ${count(201)} × 201, ${count(409)} × 409`;
};

const setPlan = (workspaceId: string, plan: string) =>
  request(api.url, { method: 'PUT', path: `/operator/v1/workspaces/${workspaceId}/plan`, token: operatorToken, body: { plan } });

async function addMember(workspaceId: string, role: MemberRole): Promise<OwnerClient> {
  const member = await signUpOwner(api.url);
  await api.db
    .insertInto('members')
    .values({ id: newId('mem'), workspace_id: workspaceId, user_id: member.userId, role })
    .execute();
  return member;
}

test('of 20 applications that one account asks for at once in four free workspaces, three are created', async (t) => {
  const owner = await signUpOwner(api.url);
  const workspaces = await Promise.all([1, 2, 3, 4].map(() => createWorkspace(owner)));
  const asked = Array.from({ length: 20 }, (_, index) => createApplication(owner, workspaces[index % 4] ?? '', { slug: `app-${index}` }));
  const answers = await Promise.all(asked);
  t.is(statusesOf(answers), '3 × 202, 0 × 201, 17 × 409');
  const refused = answers.find(({ status }) => status === 409)?.body as unknown as ErrorAnswer['error'] & ErrorAnswer;
  t.is(refused.error.details?.field, 'workspace');
  t.regex(refused.error.details?.reason ?? '', /includes 3 applications/);
});

test('applications in their grace period count, those of a deleted workspace too, until they are gone', async (t) => {
  const owner = await signUpOwner(api.url);
  const [first, second, third] = [await createWorkspace(owner), await createWorkspace(owner), await createWorkspace(owner)];
  const deleted = await activeApplication(api, owner, { workspaceId: first });
  await activeApplication(api, owner, { workspaceId: second });
  await activeApplication(api, owner, { workspaceId: second, slug: 'other' });
  await owner.delete(`/control/v1/applications/${deleted.id}`);
  await owner.delete(`/control/v1/workspaces/${second}`);
  t.is((await createApplication(owner, third)).status, 409);

  await owner.delete(`/control/v1/applications/${deleted.id}?permanent=true`);
  t.is((await createApplication(owner, third)).status, 409, 'it still exists');
  await settle(api.db, deleted.id);
  t.is((await createApplication(owner, third)).status, 202);
});

test('a member’s applications count for the owner of the workspace, and a paid workspace counts for none', async (t) => {
  const owner = await signUpOwner(api.url);
  const [free, paid] = [await createWorkspace(owner), await createWorkspace(owner)];
  await setPlan(paid, 'pro');
  for (let i = 0; i < 4; i += 1) t.is((await createApplication(owner, paid, { slug: `paid-${i}` })).status, 202);
  const developer = await addMember(free, 'developer');
  for (let i = 0; i < 3; i += 1) t.is((await createApplication(developer, free, { slug: `free-${i}` })).status, 202);
  t.is((await createApplication(owner, await createWorkspace(owner))).status, 409);
  t.is((await createApplication(developer, await createWorkspace(developer))).status, 202, 'the developer has three of their own');
});

test('a workspace can’t be put on the free plan where its owner would have too many free applications', async (t) => {
  const owner = await signUpOwner(api.url);
  const [free, other] = [await createWorkspace(owner), await createWorkspace(owner)];
  for (const slug of ['a', 'b']) await createApplication(owner, free, { slug });
  // Made on the free plan, so that they have no server of their own, and then put on another one.
  await createApplication(owner, other, { slug: 'c' });
  await setPlan(other, 'pro');
  await createApplication(owner, free, { slug: 'd' });
  const { status, body } = await setPlan(other, 'free');
  t.is(status, 409);
  t.regex(body.error.details?.reason ?? '', /would have 4/);
});

test('of 20 workspaces that one account asks for at once, as many are created as it may own; deleted ones count', async (t) => {
  const owner = await signUpOwner(api.url);
  const create = () => owner.post<{ id: string }>('/control/v1/workspaces', { name: 'Acme' });
  const answers = await Promise.all(Array.from({ length: 20 }, create));
  t.is(statusesOf(answers), `0 × 202, ${accountLimits.workspaces} × 201, ${20 - accountLimits.workspaces} × 409`);
  const id = answers.find(({ status }) => status === 201)?.body.id ?? '';
  await owner.delete(`/control/v1/workspaces/${id}`);
  t.is((await create()).status, 409);
  await api.db
    .updateTable('workspaces')
    .set({ destroy_after: new Date(0) })
    .where('id', '=', id)
    .execute();
  t.is((await create()).status, 201);
});

test('an account’s writes are limited, all its sessions together, and its reads and other accounts go on', async (t) => {
  const rate = { perMinute: 4, perDay: 1_000 };
  const limited = await startControlApi({ writeRates: { free: rate, pro: { perMinute: 8, perDay: 10 }, enterprise: rate } });
  t.teardown(() => limited.close());
  const owner = await signUpOwner(limited.url);
  const login = { email: owner.email, password: owner.password };
  const session = await request<{ token: string }>(limited.url, { method: 'POST', path: '/control/v1/auth/login', body: login });
  const write = (token: string) => request(limited.url, { method: 'POST', path: '/control/v1/workspaces', token, body: { name: 'Acme' } });

  const answers = [...(await Promise.all([1, 2, 3].map(() => write(owner.token)))), await write(session.body.token)];
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  const refused = await write(session.body.token);
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get('retry-after')) > 0);
  t.is((await owner.get('/control/v1/workspaces')).status, 200);
  t.is((await write((await signUpOwner(limited.url)).token)).status, 201);

  await limited.db.updateTable('workspaces').set({ plan: 'pro' }).execute();
  t.is((await write(owner.token)).status, 201, 'a paid plan allows more');
  await limited.redis.del(`limit:writes-minute:${owner.userId}`);
  const more = await Promise.all(Array.from({ length: 8 }, () => write(owner.token)));
  t.true(
    more.some(({ status }) => status === 429),
    'by the day too',
  );
});

test('an account’s reads are limited in each second, and other accounts go on', async (t) => {
  const limited = await startControlApi({ readsPerSecond: 5 });
  t.teardown(() => limited.close());
  const [owner, other] = await Promise.all([signUpOwner(limited.url), signUpOwner(limited.url)]);
  // More than two seconds' worth, in case that a second ends in the middle.
  const answers = await Promise.all(Array.from({ length: 40 }, () => owner.get('/control/v1/workspaces')));
  const refused = answers.find(({ status }) => status === 429);
  t.is(refused?.headers.get('retry-after'), '1');
  t.is((await other.get('/control/v1/workspaces')).status, 200);
});

test('an application has at most 500 keys with the revoked ones, which are removed after 90 days', async (t) => {
  const owner = await signUpOwner(api.url);
  const { id } = await activeApplication(api, owner, { workspaceId: await createWorkspace(owner) });
  const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
  const revoked = Array.from({ length: 498 }, (_, index) => ({
    ...{ id: newId('key'), application_id: id, name: 'Old', type: 'secret' as const, prefix: 'sk_live_aaaa', scopes: ['*'] },
    hash: `${id}-${index}`,
    revoked_at: daysAgo(index === 0 ? 91 : 89),
  }));
  await api.db.insertInto('api_keys').values(revoked).execute();
  const create = () => owner.post<ErrorAnswer>(`/control/v1/applications/${id}/keys`, { name: 'Key', type: 'secret' });
  const { status, body } = await create();
  t.is(status, 409);
  t.regex(body.error.details?.reason ?? '', /500 keys/);
  await pruneLeftovers(api.db);
  t.is((await create()).status, 201);
  t.is((await create()).status, 409);
});

test('changes that a newer one replaced before they began leave no rows for ever; what ran, does', async (t) => {
  const owner = await signUpOwner(api.url);
  const { id } = await activeApplication(api, owner, { workspaceId: await createWorkspace(owner) });
  const sessionTimeouts = [400, 500, 600];
  for (const sessionTimeoutSeconds of sessionTimeouts)
    await owner.patch(`/control/v1/applications/${id}`, { config: { sessionTimeoutSeconds } });
  await settle(api.db, id);
  const old = new Date(Date.now() - 31 * 86_400_000);
  await api.db.updateTable('jobs').set({ finished_at: old }).where('application_id', '=', id).execute();
  await pruneLeftovers(api.db);
  const left = await api.db.selectFrom('jobs').where('application_id', '=', id).select('status').execute();
  t.deepEqual(
    left.map((job) => job.status),
    ['succeeded', 'succeeded'],
  );
});

test('the metadata of a workspace is bounded: 50 entries, names of 100 and texts of 1,000 characters', async (t) => {
  const owner = await signUpOwner(api.url);
  const create = async (metadata: object): Promise<number> =>
    (await owner.post('/control/v1/workspaces', { name: 'Acme', metadata })).status;
  const entries = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`entry-${index}`, 1]));
  t.is(await create(entries(50)), 201);
  t.is(await create({ ['k'.repeat(100)]: 'v'.repeat(1_000) }), 201);
  for (const metadata of [entries(51), { ['k'.repeat(101)]: 1 }, { key: 'v'.repeat(1_001) }, { key: [] }])
    t.is(await create(metadata), 400);
});

test('the free plan’s rates are those of the price list', (t) => {
  t.deepEqual(plans.free.writes, { perMinute: 100, perDay: 10_000 });
  t.deepEqual(plans.pro.writes, { perMinute: 1_000, perDay: 100_000 });
});

test('a developer may delete an application, and only owners and admins may destroy it for good', async (t) => {
  const owner = await signUpOwner(api.url);
  const workspaceId = await createWorkspace(owner);
  const { id } = await activeApplication(api, owner, { workspaceId });
  const developer = await addMember(workspaceId, 'developer');
  const admin = await addMember(workspaceId, 'admin');
  t.is((await developer.delete(`/control/v1/applications/${id}?permanent=true`)).status, 403);
  t.is((await developer.delete(`/control/v1/applications/${id}`)).status, 202);
  t.is((await developer.delete(`/control/v1/applications/${id}?permanent=true`)).status, 403);
  for (const member of [developer, admin]) t.is((await member.delete(`/control/v1/workspaces/${workspaceId}`)).status, 403);
  t.is((await admin.delete(`/control/v1/applications/${id}?permanent=true`)).status, 202);
});
