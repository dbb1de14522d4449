import test from 'ava';
import type { WorkspaceView } from '../../../services/control-api/presenters/present-workspace.ts';
import { workspaceGraceMs } from '../../../services/control-api/use-cases/delete-workspace.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace, validApplication } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, newestJob, selectApplication, settle } from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const remove = (id: string) => owner.delete(`/control/v1/workspaces/${id}`);
const restore = (id: string) => owner.post<WorkspaceView>(`/control/v1/workspaces/${id}/restore`, undefined);
const list = async (query = '') => (await owner.get<{ data: WorkspaceView[] }>(`/control/v1/workspaces?pageSize=100${query}`)).body.data;
const ids = (workspaces: WorkspaceView[]) => workspaces.map(({ id }) => id);
const command = (id: string, name: string) => owner.post(`/control/v1/applications/${id}/${name}`, undefined);

async function waitForRoute(id: string, status: AppStatus): Promise<void> {
  await waitFor(`the route of ${id} to say ${status}`, async () => {
    const stored = await api.redis.get(routeKey(id));
    return stored !== null && routeSchema.parse(JSON.parse(stored)).status === status;
  });
}

test('a deleted workspace answers 204 and is not found any more, nor is what belongs to it', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { id } = await activeApplication(api, owner, { workspaceId });
  const { status, body } = await remove(workspaceId);
  t.is(status, 204);
  t.is(body, undefined);

  const workspace = `/control/v1/workspaces/${workspaceId}`;
  for (const path of [
    workspace,
    `${workspace}/applications`,
    `/control/v1/applications/${id}`,
    `/control/v1/applications/${id}/operations`,
  ]) {
    t.is((await owner.get(path)).status, 404, path);
  }
  t.is((await owner.post(`${workspace}/applications`, validApplication)).status, 404);
  for (const name of ['restart', 'suspend', 'resume', 'restore']) t.is((await command(id, name)).status, 404, name);
  t.is((await owner.delete(`/control/v1/applications/${id}?permanent=true`)).status, 404);
  t.is((await remove(workspaceId)).status, 404);
  t.false(ids(await list()).includes(workspaceId));
});

test('it is listed among the deleted ones, with the time until which it can be restored', async (t) => {
  const workspaceId = await createWorkspace(owner);
  t.false(ids(await list('&deleted=true')).includes(workspaceId));
  await remove(workspaceId);
  const found = (await list('&deleted=true')).find(({ id }) => id === workspaceId);
  const graceMs = Date.parse(found?.destroyAfter ?? '') - Date.now();
  t.true(graceMs > workspaceGraceMs - 60_000 && graceMs <= workspaceGraceMs);

  await api.db
    .updateTable('workspaces')
    .set({ destroy_after: new Date(0) })
    .where('id', '=', workspaceId)
    .execute();
  t.false(ids(await list('&deleted=true')).includes(workspaceId), 'after the grace period it is gone');
  t.is((await restore(workspaceId)).status, 404);
});

test('its applications are suspended, and their routes say so', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const active = (await activeApplication(api, owner, { workspaceId, slug: 'active' })).id;
  const provisioning = (await createApplication(owner, workspaceId, { slug: 'new' })).body.id;
  await remove(workspaceId);
  for (const id of [active, provisioning]) {
    t.like(await selectApplication(api.db, id), { status: 'suspended', desired: 'suspended', suspensions: ['workspace'], serving: false });
    t.like(await newestJob(api.db, id), { kind: 'suspend', status: 'queued', generation: 2 });
    await waitForRoute(id, 'suspended');
  }
});

test('a restore resumes what the deletion suspended, and nothing else', async (t) => {
  await api.db
    .updateTable('workspaces')
    .set({ plan: 'pro' })
    .where('id', '=', await createWorkspace(owner))
    .execute();
  const workspaceId = await createWorkspace(owner);
  const active = (await activeApplication(api, owner, { workspaceId, slug: 'active' })).id;
  const suspended = (await activeApplication(api, owner, { workspaceId, slug: 'suspended' })).id;
  await command(suspended, 'suspend');
  const deleted = (await activeApplication(api, owner, { workspaceId, slug: 'deleted' })).id;
  await owner.delete(`/control/v1/applications/${deleted}`);
  for (const id of [suspended, deleted]) await settle(api.db, id);

  await remove(workspaceId);
  t.deepEqual((await selectApplication(api.db, suspended)).suspensions, ['owner', 'workspace']);
  t.deepEqual((await selectApplication(api.db, deleted)).suspensions, ['deletion', 'workspace']);
  await settle(api.db, active);

  const { status, body } = await restore(workspaceId);
  t.is(status, 200);
  t.like(body, { id: workspaceId, role: 'owner', destroyAfter: null });
  t.true(ids(await list()).includes(workspaceId));
  t.like(await selectApplication(api.db, active), { status: 'provisioning', desired: 'present', suspensions: [] });
  t.is((await newestJob(api.db, active)).kind, 'resume');
  t.like(await selectApplication(api.db, suspended), { status: 'suspended', suspensions: ['owner'], generation: 2 });
  t.like(await selectApplication(api.db, deleted), { status: 'deleting', suspensions: ['deletion'], generation: 2 });
  t.not((await selectApplication(api.db, deleted)).destroy_after, null);
});

test('restoring one that is not deleted, or twice, finds nothing, and changes nothing', async (t) => {
  const workspaceId = await createWorkspace(owner);
  t.is((await restore(workspaceId)).status, 404);
  await remove(workspaceId);
  const answers = await Promise.all([restore(workspaceId), restore(workspaceId)]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 404]);
});

test('deleting twice at once suspends each application once', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { id } = await activeApplication(api, owner, { workspaceId });
  const answers = await Promise.all([remove(workspaceId), remove(workspaceId)]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [204, 404]);
  t.is((await selectApplication(api.db, id)).generation, 2);
});

test('a stranger restores nothing, and a bad filter is refused', async (t) => {
  const workspaceId = await createWorkspace(owner);
  await remove(workspaceId);
  const stranger = await signUpOwner(api.url);
  t.is((await stranger.post(`/control/v1/workspaces/${workspaceId}/restore`, undefined)).status, 404);
  t.is((await owner.get('/control/v1/workspaces?deleted=yes')).status, 400);
});
