import test from 'ava';
import { newId } from '../../../services/shared/ids.ts';
import type { MemberRole } from '../../../services/shared/db/tables.ts';
import { createWorkspace, validApplication } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, newestJob } from '../../support/provisioned-application.ts';

let api: TestControlApi;
let owner: OwnerClient;
let stranger: OwnerClient;
let workspaceId: string;
let applicationId: string;
let operationId: string;
let keyId: string;
test.before(async () => {
  api = await startControlApi();
  [owner, stranger] = await Promise.all([signUpOwner(api.url), signUpOwner(api.url)]);
  workspaceId = await createWorkspace(owner);
  applicationId = (await activeApplication(api, owner, { workspaceId })).id;
  operationId = (await newestJob(api.db, applicationId)).id;
  keyId = (await owner.get<{ data: { id: string }[] }>(`/control/v1/applications/${applicationId}/keys`)).body.data[0]?.id ?? '';
});
test.after.always(() => api.close());

const newKey = { name: 'Key', type: 'secret' };
/** Everything that names somebody's workspace, application, operation or key, in an order in which each can be done. */
const requests = () =>
  [
    ['GET', `workspaces/${workspaceId}`],
    ['GET', `workspaces/${workspaceId}/applications`],
    ['POST', `workspaces/${workspaceId}/applications`, { ...validApplication, slug: 'other' }],
    ['GET', `applications/${applicationId}`],
    ['GET', `applications/${applicationId}/operations`],
    ['GET', `applications/${applicationId}/operations/${operationId}`],
    ['GET', `applications/${applicationId}/operations/${operationId}/events`],
    ['DELETE', `applications/${applicationId}/operations/${operationId}`],
    ['GET', `applications/${applicationId}/keys`],
    ['POST', `applications/${applicationId}/keys`, newKey],
    ['DELETE', `keys/${keyId}`],
    ['PATCH', `applications/${applicationId}`, { name: 'Other', config: { mode: 'saas' } }],
    ['POST', `applications/${applicationId}/restart`],
    ['POST', `applications/${applicationId}/suspend`],
    ['POST', `applications/${applicationId}/resume`],
    ['DELETE', `applications/${applicationId}`],
    ['POST', `applications/${applicationId}/restore`],
    ['DELETE', `applications/${applicationId}?permanent=true`],
    ['DELETE', `workspaces/${workspaceId}`],
    ['POST', `workspaces/${workspaceId}/restore`],
  ] as const;

const statuses = async (token: string) => {
  const answers: number[] = [];
  for (const [method, path, body] of requests()) {
    answers.push((await request(api.url, { method, path: `/control/v1/${path}`, token, body })).status);
  }
  return answers;
};

test.serial("another owner's ids are not found, whatever is asked of them, and nothing changes", async (t) => {
  t.deepEqual(
    await statuses(stranger.token),
    requests().map(() => 404),
  );
  t.is((await owner.get<{ status: string }>(`/control/v1/applications/${applicationId}`)).body.status, 'active');
  t.is((await api.db.selectFrom('api_keys').where('revoked_at', 'is', null).select('id').execute()).length, 2);
  t.is((await stranger.get<{ total: number }>('/control/v1/workspaces')).body.total, 0);
});

const seesAs = test.macro({
  title: (_title, role: MemberRole) => `in a workspace, ${role} gets what the role may do, and 403 for the rest`,
  async exec(t, role: MemberRole, expected: number[]) {
    const member = await signUpOwner(api.url);
    await api.db
      .insertInto('members')
      .values({ id: newId('mem'), workspace_id: workspaceId, user_id: member.userId, role })
      .execute();
    t.deepEqual(await statuses(member.token), expected);
  },
});
const forbidden = (count: number) => Array.from({ length: count }, () => 403);
test.serial(seesAs, 'viewer', [200, 200, 403, ...[200, 200, 200, 200], 403, 200, ...forbidden(10), 404]);
test.serial(seesAs, 'billing', [200, ...forbidden(18), 404]);
// The operation has ended, and can't be cancelled by anybody.
test.serial(seesAs, 'developer', [
  200,
  200,
  202,
  ...[200, 200, 200, 200],
  409,
  200,
  201,
  204,
  ...[202, 202, 202, 202],
  ...[202, 202],
  // For good, only owners and admins.
  ...[403, 403],
  404,
]);

test.serial('only an owner deletes and restores a workspace', async (t) => {
  const admin = await signUpOwner(api.url);
  await api.db
    .insertInto('members')
    .values({ id: newId('mem'), workspace_id: workspaceId, user_id: admin.userId, role: 'admin' })
    .execute();
  const path = `/control/v1/workspaces/${workspaceId}`;
  t.is((await admin.delete(path)).status, 403);
  t.is((await owner.delete(path)).status, 204);
  t.is((await admin.post(`${path}/restore`, undefined)).status, 403);
  t.is((await owner.post(`${path}/restore`, undefined)).status, 200);
});
