import test from 'ava';
import { applicationGraceMs } from '../../../services/control-api/use-cases/change-application.ts';
import { hashApiKey } from '../../../services/shared/api-keys.ts';
import type { Commanded } from '../../support/application-requests.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, newestJob, routeOf, selectApplication, selectJobs, settle } from '../../support/provisioned-application.ts';
import { takeJob } from '../../support/read-queue.ts';
import { waitFor } from '../../support/wait-for.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const deletion = <Body = Commanded>(id: string) => owner.delete<Body>(`/control/v1/applications/${id}`);
const destruction = <Body = Commanded>(id: string) => owner.delete<Body>(`/control/v1/applications/${id}?permanent=true`);
const restoration = <Body = Commanded>(id: string) => owner.post<Body>(`/control/v1/applications/${id}/restore`, undefined);

test.serial('deleting starts the grace period, and turns the keys off and tells the proxies before it answers', async (t) => {
  const { id } = await activeApplication(api, owner);
  while ((await takeJob(api.nats.url, 1_000)) !== null);
  const { status, body } = await deletion(id);
  t.is(status, 202);
  t.like(body, { status: 'deleting', suspensions: ['deletion'], operationId: (await newestJob(api.db, id)).id });
  const graceMs = Date.parse(body.destroyAfter ?? '') - Date.now();
  t.true(graceMs > applicationGraceMs - 60_000 && graceMs <= applicationGraceMs);

  t.like(await selectApplication(api.db, id), { desired: 'suspended', status: 'deleting', serving: false, generation: 2 });
  t.like(await routeOf(api, id), { status: 'deleting', internalUrl: null, keys: [] });
  const job = await newestJob(api.db, id);
  t.like(job, { kind: 'delete', status: 'queued', generation: 2 });
  t.deepEqual(await takeJob(api.nats.url), { jobId: job.id, appId: id, generation: 2 });
});

test('a restore brings the application back with the keys that it had', async (t) => {
  const { id, secretKey, publicKey } = await activeApplication(api, owner, { config: { sessionTimeoutSeconds: 900 } });
  await deletion(id);
  await settle(api.db, id);
  t.is((await owner.get<{ status: string }>(`/control/v1/applications/${id}`)).body.status, 'deleting', 'it can still be seen');

  const { status, body } = await restoration(id);
  t.is(status, 202);
  t.like(body, { status: 'provisioning', suspensions: [], destroyAfter: null });
  t.is((await newestJob(api.db, id)).kind, 'restore');
  const hashes = (await routeOf(api, id)).keys.map(({ hash }) => hash);
  t.deepEqual(hashes.sort(), [hashApiKey(secretKey), hashApiKey(publicKey)].sort());
  t.is((await selectApplication(api.db, id)).config.sessionTimeoutSeconds, 900);
});

test('a restore of what was suspended before leaves it suspended, without an operation', async (t) => {
  const { id } = await activeApplication(api, owner);
  await owner.post(`/control/v1/applications/${id}/suspend`, undefined);
  await settle(api.db, id);
  await deletion(id);
  await settle(api.db, id);
  const { status, body } = await restoration(id);
  t.is(status, 200);
  t.like(body, { status: 'suspended', suspensions: ['owner'], destroyAfter: null, operationId: null });
  t.is((await routeOf(api, id)).keys.length, 2);
});

test('a restore is refused once the application is being destroyed, and where it was never deleted', async (t) => {
  const { id } = await activeApplication(api, owner);
  const { status, body } = await restoration<ErrorAnswer>(id);
  t.is(status, 409);
  t.deepEqual(body.error.details, { field: 'application', reason: 'is active' });
  await destruction(id);
  t.is((await restoration(id)).status, 409);
  t.is((await selectApplication(api.db, id)).desired, 'absent');
});

test('a deleted application keeps its place in the plan, so that it can always be restored', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { id } = await activeApplication(api, owner, { workspaceId, slug: 'first' });
  await deletion(id);
  await settle(api.db, id);
  for (const slug of ['a', 'b']) t.is((await createApplication(owner, workspaceId, { slug })).status, 202);
  t.is((await createApplication(owner, workspaceId, { slug: 'c' })).status, 409);
  t.is((await restoration(id)).status, 202);
});

/** A workspace as there are some from before deleted applications counted: more of them than the plan has places. */
async function overfullWorkspace(slugs: string[]): Promise<string[]> {
  const workspaceId = await createWorkspace(owner);
  const plan = (name: 'free' | 'enterprise') =>
    api.db.updateTable('workspaces').set({ plan: name }).where('id', '=', workspaceId).execute();
  await plan('enterprise');
  const ids: string[] = [];
  for (const slug of slugs) ids.push((await activeApplication(api, owner, { workspaceId, slug })).id);
  await plan('free');
  return ids;
}

test('a restore is refused where the plan has no room for the application any more, and changes nothing', async (t) => {
  const [id = ''] = await overfullWorkspace(['first', 'a', 'b', 'c']);
  await deletion(id);
  await settle(api.db, id);
  const before = await selectApplication(api.db, id);
  const { status, body } = await restoration<ErrorAnswer>(id);
  t.is(status, 409);
  t.deepEqual(body.error.details, { field: 'workspace', reason: 'the free plan includes 3 applications' });
  t.deepEqual(await selectApplication(api.db, id), before);
});

test('of two restores at once for one place, one is refused', async (t) => {
  const deleted = (await overfullWorkspace(['a', 'b', 'c', 'd'])).slice(0, 2);
  for (const id of deleted) await deletion(id);
  const answers = await Promise.all(deleted.map((id) => restoration(id)));
  t.deepEqual(answers.map(({ status }) => status).sort(), [202, 409]);
});

test('deleting and destroying again, even at once, makes no second job', async (t) => {
  const { id } = await activeApplication(api, owner);
  const soft = await Promise.all([deletion(id), deletion(id), deletion(id)]);
  t.deepEqual(soft.map(({ status }) => status).sort(), [200, 200, 202]);
  t.is((await selectJobs(api.db, id)).length, 2);
  const { destroy_after: before } = await selectApplication(api.db, id);
  t.is((await deletion(id)).body.operationId, null);
  t.deepEqual((await selectApplication(api.db, id)).destroy_after, before, 'the grace period is not prolonged');

  const hard = await Promise.all([destruction(id), destruction(id), destruction(id)]);
  t.deepEqual(hard.map(({ status }) => status).sort(), [200, 200, 202]);
  t.is((await selectJobs(api.db, id)).length, 3);
});

const destroys = test.macro({
  title: (what) => `destroying asks for the removal of everything, at once and for good: ${what ?? ''}`,
  async exec(t, before: (id: string) => Promise<unknown>) {
    const google = { clientId: 'id', clientSecret: 'hunter2' };
    const { id } = await activeApplication(api, owner, { config: { socialProviders: { google } } });
    await before(id);
    const { status, body } = await destruction(id);
    t.is(status, 202);
    t.like(body, { status: 'deleting', destroyAfter: null });
    t.like(await selectApplication(api.db, id), { desired: 'absent', destroy_after: null, sealed_config_secrets: {} });
    t.like(await newestJob(api.db, id), { kind: 'destroy', status: 'queued' });
    t.like(await routeOf(api, id), { status: 'deleting', keys: [] });
  },
});
test('one that serves', destroys, () => Promise.resolve());
test('one that is deleted', destroys, deletion);
test('one that is suspended', destroys, (id) => owner.post(`/control/v1/applications/${id}/suspend`, undefined));
test('one that failed', destroys, async (id) => {
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  await settle(api.db, id, { outcome: 'failed' });
});

test('one that never ran has nothing to be restored: deleting it is for good', async (t) => {
  const { body: created } = await createApplication(owner, await createWorkspace(owner), {
    config: { socialProviders: { google: { clientId: 'id', clientSecret: 'hunter2' } } },
  });
  const { status, body } = await deletion(created.id);
  t.is(status, 202);
  t.like(body, { status: 'deleting', destroyAfter: null });
  t.like(await selectApplication(api.db, created.id), { desired: 'absent', destroy_after: null, sealed_config_secrets: {} });
  t.deepEqual(
    (await selectJobs(api.db, created.id)).map(({ kind, status: jobStatus }) => [kind, jobStatus]),
    [
      ['provision', 'superseded'],
      ['delete', 'queued'],
    ],
  );
});

test('a deletion that failed can be asked for again, and ends when the first would have', async (t) => {
  const { id } = await activeApplication(api, owner);
  const { body: first } = await deletion(id);
  await settle(api.db, id, { outcome: 'failed' });
  const { status, body } = await deletion(id);
  t.is(status, 202);
  t.like(body, { status: 'deleting', failure: null, destroyAfter: first.destroyAfter });
  t.is((await selectApplication(api.db, id)).generation, 3);
});

test('while a deletion is failed the keys stay off', async (t) => {
  const { id } = await activeApplication(api, owner);
  await deletion(id);
  await settle(api.db, id, { outcome: 'failed' });
  const { revision, status } = await selectApplication(api.db, id);
  t.is(status, 'failed');
  const route = await waitFor('the route of the failed application', async () => {
    const found = await routeOf(api, id);
    return found.revision === revision && found;
  });
  t.like(route, { status: 'deleting', keys: [] });
});

test('a deleted application keeps its slug while it can be restored; once it is gone the slug is free, and so is its place', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { id } = await activeApplication(api, owner, { workspaceId });
  await deletion(id);
  await settle(api.db, id);
  t.is((await createApplication(owner, workspaceId)).status, 409);
  await destruction(id);
  await settle(api.db, id);

  for (const path of ['', '/keys', '/operations']) t.is((await owner.get(`/control/v1/applications/${id}${path}`)).status, 404);
  t.is((await deletion(id)).status, 404);
  t.is((await destruction(id)).status, 404);
  t.is((await restoration(id)).status, 404);
  t.is((await owner.get<{ total: number }>(`/control/v1/workspaces/${workspaceId}/applications`)).body.total, 0);
  t.is((await createApplication(owner, workspaceId)).status, 202);
});

const refusesQuery = test.macro({
  title: (what) => `a deletion refuses ${what ?? ''}, and deletes nothing`,
  async exec(t, query: string) {
    const { id } = await activeApplication(api, owner);
    t.is((await owner.delete(`/control/v1/applications/${id}?${query}`)).status, 400);
    t.is((await selectApplication(api.db, id)).status, 'active');
  },
});
test('permanence that is neither true nor false', refusesQuery, 'permanent=yes');
test('permanence twice', refusesQuery, 'permanent=true&permanent=false');
test('an unknown parameter', refusesQuery, 'force=true');
