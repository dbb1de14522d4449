import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { ApplicationView } from '../../../services/control-api/presenters/present-application.ts';
import type { Plan } from '../../../services/shared/plans.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { Answer, ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { waitFor } from '../../support/wait-for.ts';

const operatorToken = randomBytes(32).toString('base64url');
let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi({ operatorToken });
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

interface PlanAnswer {
  id: string;
  plan: Plan;
  previousPlan: Plan;
  updating: string[];
}

const setPlan = <Body = PlanAnswer>(workspaceId: string, body: unknown, token: string | undefined = operatorToken): Promise<Answer<Body>> =>
  request<Body>(api.url, { method: 'PUT', path: `/operator/v1/workspaces/${workspaceId}/plan`, token, body });
const planOf = async (id: string) => (await owner.get<{ plan: Plan }>(`/control/v1/workspaces/${id}`)).body.plan;
const selectApplication = (id: string) => api.db.selectFrom('applications').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const selectJobs = (id: string) => api.db.selectFrom('jobs').where('application_id', '=', id).selectAll().orderBy('generation').execute();

/** As the provisioner would have left it. */
async function application(
  workspaceId: string,
  status: AppStatus,
  { slug = status, ...written }: { slug?: string; desired?: 'suspended'; suspensions?: ['owner'] } = {},
): Promise<string> {
  const { body } = await createApplication(owner, workspaceId, { slug });
  const serving = written.desired === undefined;
  await api.db
    .updateTable('applications')
    .set({ status, serving, observed_generation: 1, ...written })
    .where('id', '=', body.id)
    .execute();
  return body.id;
}

test('a plan is set with a job for each application whose stack changes, and every route tells it', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const [active, failed, suspended] = [
    await application(workspaceId, 'active'),
    await application(workspaceId, 'failed'),
    await application(workspaceId, 'suspended', { desired: 'suspended', suspensions: ['owner'] }),
  ];
  const elsewhere = await application(await createWorkspace(owner), 'active');

  const { status, body } = await setPlan(workspaceId, { plan: 'pro' });
  t.is(status, 202);
  t.like(body, { id: workspaceId, plan: 'pro', previousPlan: 'free' });
  t.deepEqual([...body.updating].sort(), [active, failed, suspended].sort());
  t.is(await planOf(workspaceId), 'pro');
  for (const id of [active, failed, suspended]) {
    t.like(await selectApplication(id), { status: id === suspended ? 'suspended' : 'updating', generation: 2, failure: null });
    t.deepEqual(
      (await selectJobs(id)).map((job) => [job.generation, job.kind, job.status]),
      [
        [1, 'provision', 'superseded'],
        [2, 'plan_change', 'queued'],
      ],
    );
  }
  t.like(await selectApplication(elsewhere), { status: 'active', generation: 1, revision: 1 });

  for (const id of [active, failed, suspended]) {
    await waitFor('the route with the plan', async () => {
      const stored = await api.redis.get(routeKey(id));
      return stored !== null && routeSchema.parse(JSON.parse(stored)).plan === 'pro';
    });
  }
});

test('an application that is deleted is left to that, and comes back on the new plan', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const id = await application(workspaceId, 'active');
  await owner.delete(`/control/v1/applications/${id}`);
  const { status, body } = await setPlan(workspaceId, { plan: 'pro' });
  t.is(status, 200);
  t.deepEqual(body.updating, []);
  t.like(await selectApplication(id), { status: 'deleting', desired: 'suspended', generation: 2 });
  await waitFor('the route with the plan', async () => {
    const stored = await api.redis.get(routeKey(id));
    return stored !== null && routeSchema.parse(JSON.parse(stored)).plan === 'pro';
  });
});

test('the same plan again changes nothing', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const id = await application(workspaceId, 'active');
  t.is((await setPlan(workspaceId, { plan: 'free' })).status, 200);
  await setPlan(workspaceId, { plan: 'pro' });
  const before = await selectApplication(id);
  const { status, body } = await setPlan(workspaceId, { plan: 'pro' });
  t.is(status, 200);
  t.deepEqual(body.updating, []);
  t.is((await selectJobs(id)).length, 2);
  t.is((await selectApplication(id)).generation, before.generation);
});

test('the same plan set by two operators at once makes one job an application', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const id = await application(workspaceId, 'active');
  const answers = await Promise.all([1, 2, 3].map(() => setPlan(workspaceId, { plan: 'enterprise' })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 202]);
  t.is((await selectJobs(id)).length, 2);
});

test('an application keeps the database tier that it was created with, and a new one gets the plan’s', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const create = async (slug: string) => (await createApplication(owner, workspaceId, { slug })).body;
  const tierOf = async (id: string) => (await owner.get<ApplicationView>(`/control/v1/applications/${id}`)).body.databaseTier;
  const onFree = await create('on-free');
  await setPlan(workspaceId, { plan: 'pro' });
  const onPro = await create('on-pro');
  await setPlan(workspaceId, { plan: 'enterprise' });
  t.deepEqual([await tierOf(onFree.id), await tierOf(onPro.id)], ['shared', 'dedicated']);
});

test('a plan without a database server of one’s own is refused while an application has one', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const onFree = await application(workspaceId, 'active', { slug: 'on-free' });
  await setPlan(workspaceId, { plan: 'pro' });
  const onPro = await application(workspaceId, 'active', { slug: 'on-pro' });
  const { status, body } = await setPlan<ErrorAnswer>(workspaceId, { plan: 'free' });
  t.is(status, 409);
  t.is(body.error.details?.field, 'plan');
  t.true(body.error.details?.reason.includes(onPro));
  t.false(body.error.details?.reason.includes(onFree));
  t.is(await planOf(workspaceId), 'pro');

  await owner.delete(`/control/v1/applications/${onPro}`);
  t.is((await setPlan(workspaceId, { plan: 'free' })).status, 409, 'it could be restored, and would bring its server along');
  await owner.delete(`/control/v1/applications/${onPro}?permanent=true`);
  t.is((await setPlan(workspaceId, { plan: 'free' })).status, 202);
});

test('a plan that includes fewer applications than there are is refused, and nothing changes', async (t) => {
  const workspaceId = await createWorkspace(owner);
  await setPlan(workspaceId, { plan: 'pro' });
  const ids: string[] = [];
  for (const slug of ['a', 'b', 'c', 'd']) ids.push(await application(workspaceId, 'active', { slug }));
  const { status, body } = await setPlan<ErrorAnswer>(workspaceId, { plan: 'free' });
  t.is(status, 409);
  t.deepEqual(body.error.details, { field: 'plan', reason: 'the free plan includes 3 applications, the workspace has 4' });
  t.is(await planOf(workspaceId), 'pro');
  for (const id of ids) t.is((await selectJobs(id)).length, 1);
});

test('pro has no limit of applications, and free has one again', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const create = async (slug: string) => (await createApplication(owner, workspaceId, { slug })).status;
  for (const slug of ['a', 'b', 'c']) t.is(await create(slug), 202);
  t.is(await create('d'), 409);
  await setPlan(workspaceId, { plan: 'pro' });
  t.is(await create('d'), 202);
});

const refuses = test.macro({
  title: (what) => `a plan is refused: ${what ?? ''}`,
  async exec(t, body: unknown, field: string) {
    const workspaceId = await createWorkspace(owner);
    const answer = await setPlan<ErrorAnswer>(workspaceId, body);
    t.is(answer.status, 400);
    t.is(answer.body.error.details?.field, field);
    t.is(await planOf(workspaceId), 'free');
  },
});
test('an unknown one', refuses, { plan: 'gold' }, 'plan');
test('none', refuses, {}, 'plan');
test('null', refuses, { plan: null }, 'plan');
test('a list', refuses, { plan: ['pro'] }, 'plan');
test('with an unknown field', refuses, { plan: 'pro', price: 0 }, 'price');
test('a body that is a text', refuses, 'pro', 'body');

test('an unknown workspace, a deleted one and an id of another form are not found', async (t) => {
  const workspaceId = await createWorkspace(owner);
  await api.db.updateTable('workspaces').set({ deleted_at: new Date() }).where('id', '=', workspaceId).execute();
  for (const id of ['ws_unknown1234', workspaceId, "ws_1'%20or%20'1'='1"]) t.is((await setPlan(id, { plan: 'pro' })).status, 404);
});

const refusesToken = test.macro({
  title: (what) => `the operator is not let in with ${what ?? ''}`,
  async exec(t, authorization: () => string | undefined) {
    const workspaceId = await createWorkspace(owner);
    const given = authorization();
    const { status, body } = await request<ErrorAnswer>(api.url, {
      method: 'PUT',
      path: `/operator/v1/workspaces/${workspaceId}/plan`,
      ...(given === undefined ? {} : { headers: { authorization: given } }),
      body: { plan: 'pro' },
    });
    t.is(status, 401);
    t.is(body.error.code, 'unauthorized');
    t.is(await planOf(workspaceId), 'free');
    t.true(api.lines.some((line) => line.includes('Operator request without the token refused')));
  },
});
test('nothing', refusesToken, () => undefined);
test('an empty token', refusesToken, () => 'Bearer ');
test('an owner’s token', refusesToken, () => `Bearer ${owner.token}`);
test('a part of the token', refusesToken, () => `Bearer ${operatorToken.slice(0, -1)}`);
test('the token and more', refusesToken, () => `Bearer ${operatorToken}x`);
test('another scheme', refusesToken, () => `Basic ${operatorToken}`);

test('the operator’s token opens nothing of the owners', async (t) => {
  t.is((await request(api.url, { method: 'GET', path: '/control/v1/workspaces', token: operatorToken })).status, 401);
});

test('each change is in the log, with what was and what is, and no token', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const id = await application(workspaceId, 'active');
  await setPlan(workspaceId, { plan: 'pro' });
  const line = api.lines
    .map((text) => JSON.parse(text) as object)
    .find((facts) => 'workspaceId' in facts && facts.workspaceId === workspaceId);
  t.like(line, { msg: 'Operator set the plan of a workspace', previousPlan: 'free', plan: 'pro', updating: [id] });
  t.true(line !== undefined && 'address' in line && 'requestId' in line);
  t.false(api.lines.join('\n').includes(operatorToken));
});

test('without a token of the platform there is no such path, whatever is presented', async (t) => {
  const closed = await startControlApi();
  t.teardown(() => closed.close());
  for (const token of [undefined, 'undefined', '', operatorToken]) {
    const path = '/operator/v1/workspaces/ws_unknown1234/plan';
    const { status, body } = await request(closed.url, { method: 'PUT', path, token, body: { plan: 'pro' } });
    t.is(status, 404);
    t.is(body.error.message, 'There is no such path.');
  }
});

test('guesses at the token are limited, and then the token does not help either', async (t) => {
  const limited = await startControlApi({ operatorToken, operatorRequestsPerMinute: 3 });
  t.teardown(() => limited.close());
  const path = '/operator/v1/workspaces/ws_unknown1234/plan';
  const guess = (token: string) => request(limited.url, { method: 'PUT', path, token, body: { plan: 'pro' } });
  for (let i = 0; i < 3; i += 1) t.is((await guess(`guess ${i}`)).status, 401);
  const { status, headers } = await guess(operatorToken);
  t.is(status, 429);
  t.truthy(headers.get('retry-after'));
});
