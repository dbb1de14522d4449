import test from 'ava';
import type { ApplicationView } from '../../../services/control-api/presenters/present-application.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { takeJob } from '../../support/read-queue.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const deletion = (id: string) => owner.delete<ApplicationView>(`/control/v1/applications/${id}`);
const selectApplication = (id: string) => api.db.selectFrom('applications').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const selectJobs = (id: string) => api.db.selectFrom('jobs').where('application_id', '=', id).selectAll().orderBy('generation').execute();

test.serial('deleting asks for a destroy, turns the keys off and tells the proxies', async (t) => {
  const { body: created } = await createApplication(owner, await createWorkspace(owner));
  t.is((await takeJob(api.nats.url))?.generation, 1);

  const { status, body } = await deletion(created.id);
  t.is(status, 202);
  t.is(body.status, 'deleting');
  t.like(await selectApplication(created.id), { desired: 'absent', status: 'deleting', generation: 2, revision: 2, published_revision: 2 });

  const [provision, destroy] = await selectJobs(created.id);
  t.is(provision?.status, 'superseded');
  t.like(destroy, { status: 'queued', generation: 2 });
  t.deepEqual(await takeJob(api.nats.url), { jobId: destroy?.id, appId: created.id, generation: 2 });

  const route = routeSchema.parse(JSON.parse((await api.redis.get(routeKey(created.id))) ?? 'null'));
  t.like(route, { status: 'deleting', revision: 2, keys: [] });
});

test('deleting twice, even at once, makes one job', async (t) => {
  const { body: created } = await createApplication(owner, await createWorkspace(owner));
  const answers = await Promise.all([deletion(created.id), deletion(created.id), deletion(created.id)]);
  t.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202],
  );
  t.is((await selectJobs(created.id)).length, 2);
});

test('a deletion that failed can be asked for again', async (t) => {
  const { body: created } = await createApplication(owner, await createWorkspace(owner));
  await deletion(created.id);
  await api.db.updateTable('applications').set({ status: 'failed' }).where('id', '=', created.id).execute();
  t.is((await deletion(created.id)).body.status, 'deleting');
  t.is((await selectApplication(created.id)).generation, 3);
});

test('a deleted application is gone from every answer, and its slug is free', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { body: created } = await createApplication(owner, workspaceId);
  await deletion(created.id);
  await api.db.updateTable('applications').set({ status: 'deleted', deleted_at: new Date() }).where('id', '=', created.id).execute();

  for (const path of ['', '/keys', '/operations']) t.is((await owner.get(`/control/v1/applications/${created.id}${path}`)).status, 404);
  t.is((await deletion(created.id)).status, 404);
  t.is((await owner.get<{ total: number }>(`/control/v1/workspaces/${workspaceId}/applications`)).body.total, 0);
  t.is((await createApplication(owner, workspaceId)).status, 202);
});
