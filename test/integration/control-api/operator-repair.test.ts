import { randomBytes } from 'node:crypto';
import test from 'ava';
import { newId } from '../../../services/shared/ids.ts';
import type { InspectionView } from '../../../services/control-api/presenters/present-inspection.ts';
import type { RepairView } from '../../../services/control-api/presenters/present-repair.ts';
import type { SweepView } from '../../../services/control-api/presenters/present-sweep.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { Answer, ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, begin, newestJob, selectApplication, selectJobs, settle } from '../../support/provisioned-application.ts';

const operatorToken = randomBytes(32).toString('base64url');
let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi({ operatorToken });
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const ask = <Body = ErrorAnswer>(method: string, path: string, body?: unknown): Promise<Answer<Body>> =>
  request<Body>(api.url, { method, path: `/operator/v1${path}`, token: operatorToken, body });
const repairs = async () => (await ask<{ data: RepairView[]; total: number }>('GET', '/repairs?pageSize=100')).body;
const repairOf = async (id: string) => (await repairs()).data.find(({ applicationId }) => applicationId === id);

async function failedApplication(): Promise<string> {
  const { id } = await activeApplication(api, owner);
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  await settle(api.db, id, { outcome: 'failed' });
  return id;
}

test('a failed application is listed with its cause, remedy and attempts, until something newer is asked for', async (t) => {
  const id = await failedApplication();
  const job = await newestJob(api.db, id);
  const error = { code: 'pods_not_ready', message: 'They are not.', remedy: 'Look at their logs.' };
  await api.db
    .updateTable('jobs')
    .set({ attempts: 4, error: JSON.stringify(error) })
    .where('id', '=', job.id)
    .execute();
  t.like(await repairOf(id), {
    ...{ applicationId: id, problem: 'failed', status: 'failed', operationId: job.id, kind: 'restart', attempts: 4 },
    ...{ cause: { code: 'pods_not_ready', message: 'They are not.' }, remedy: 'Look at their logs.', phase: null },
    since: job.finished_at?.toISOString(),
  });
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  t.is(await repairOf(id), undefined);
});

test('an operation that outlasts its limit is listed with its phase, and one that does not is not', async (t) => {
  const [late, punctual] = [await activeApplication(api, owner), await activeApplication(api, owner)];
  const phases = [{ name: 'stack', startedAt: new Date(0).toISOString(), endedAt: null }];
  for (const { id } of [late, punctual]) {
    await owner.post(`/control/v1/applications/${id}/restart`, undefined);
    await begin(api.db, id, { phases, overdue: id === late.id });
  }
  t.like(await repairOf(late.id), { problem: 'overdue', status: 'restarting', phase: 'stack', cause: null, remedy: null });
  t.is(await repairOf(punctual.id), undefined);
});

test('the list is paged, the longest in trouble first', async (t) => {
  for (let count = 0; count < 3; count += 1) await failedApplication();
  const page = async (number: number) =>
    (await ask<{ data: RepairView[]; total: number; page: number; pageSize: number }>('GET', `/repairs?page=${number}&pageSize=2`)).body;
  const [first, second] = [await page(1), await page(2)];
  t.is(first.data.length, 2);
  t.true(first.total >= 3 && first.total === second.total);
  t.true((first.data[0]?.since ?? '') <= (first.data[1]?.since ?? ''));
  t.true((first.data[1]?.since ?? '') <= (second.data[0]?.since ?? ''));
});

test('an application is shown with its state, attempts and their workers, drift and events, and without its secrets', async (t) => {
  const google = { clientId: 'google-id', clientSecret: 'hunter2' };
  const { id, workspaceId } = await activeApplication(api, owner, { config: { socialProviders: { google } } });
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const attempt = await begin(api.db, id, { worker: 'provisioner-7' });
  await api.db
    .updateTable('applications')
    .set({ sealed_outputs: 'sealed:outputs', sealed_instance_token: 'sealed:token', namespace: 'authsome-app-x' })
    .where('id', '=', id)
    .execute();
  const changes = [
    { change: 'update', resourceType: 'kubernetes:apps/v1:Deployment', resourceName: 'instance', fields: ['spec.replicas'] },
  ];
  await api.db
    .insertInto('drift_reports')
    .values({ application_id: id, generation: 2, changes: JSON.stringify(changes) })
    .execute();
  await api.db
    .insertInto('events')
    .values({
      ...{ id: newId('evt'), type: 'application.failed', workspace_id: workspaceId, application_id: id, operation_id: attempt },
      data: JSON.stringify({ code: 'x' }),
    })
    .execute();

  const { status, body } = await ask<InspectionView>('GET', `/applications/${id}`);
  t.is(status, 200);
  t.like(body, {
    ...{
      id,
      status: 'restarting',
      namespace: 'authsome-app-x',
      configuredSecrets: ['socialProviders.google.clientSecret'],
      deletion: null,
    },
    workspace: { id: workspaceId, plan: 'free', deletedAt: null },
    state: { desired: 'present', generation: 2, observedGeneration: 1, serving: true },
    drift: { generation: 2, changes, error: null },
  });
  t.deepEqual(
    body.operations.map(({ kind, status: operationStatus }) => [kind, operationStatus]),
    [
      ['restart', 'running'],
      ['provision', 'succeeded'],
    ],
  );
  t.like(body.operations[0]?.attempts[0], { id: attempt, worker: 'provisioner-7', status: 'running', phase: 'starting', overdueAt: null });
  t.like(body.events[0], { type: 'application.failed', attemptId: attempt, data: { code: 'x' } });
  const text = JSON.stringify(body);
  for (const secret of ['hunter2', 'sealed', 'fencing']) t.false(text.includes(secret), secret);
});

test('what owners see of an attempt does not tell its worker', async (t) => {
  const { id } = await activeApplication(api, owner);
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  await begin(api.db, id, { worker: 'provisioner-7' });
  const { body } = await owner.get(`/control/v1/applications/${id}/operations`);
  t.false(JSON.stringify(body).includes('provisioner-7'));
});

test('retry brings a failed application to its desired state once more', async (t) => {
  const id = await failedApplication();
  const { status, body } = await ask<{ id: string; status: string; operationId: string }>('POST', `/applications/${id}/retry`);
  t.is(status, 202);
  const job = await newestJob(api.db, id);
  t.deepEqual(body, { id, status: 'updating', operationId: job.id });
  t.like(job, { kind: 'retry', status: 'queued', generation: 3 });
});

test('retry of one that has not failed is refused, naming its state, and makes no operation', async (t) => {
  const { id } = await activeApplication(api, owner);
  const { status, body } = await ask('POST', `/applications/${id}/retry`);
  t.is(status, 409);
  t.deepEqual(body.error.details, { field: 'application', reason: 'is active' });
  t.is((await selectJobs(api.db, id)).length, 1);
});

test('retry of a deletion that failed goes on with the deletion', async (t) => {
  const { id } = await activeApplication(api, owner);
  await owner.delete(`/control/v1/applications/${id}?permanent=true`);
  await settle(api.db, id, { outcome: 'failed' });
  t.is((await ask<{ status: string }>('POST', `/applications/${id}/retry`)).body.status, 'deleting');
  t.is((await selectApplication(api.db, id)).desired, 'absent');
});

test('repair is allowed while all seems well, but not of what is deleted', async (t) => {
  const { id } = await activeApplication(api, owner);
  const { status, body } = await ask<{ status: string; operationId: string }>('POST', `/applications/${id}/repair`);
  t.is(status, 202);
  t.is(body.status, 'updating');
  t.like(await newestJob(api.db, id), { id: body.operationId, kind: 'repair' });
  await owner.delete(`/control/v1/applications/${id}?permanent=true`);
  await settle(api.db, id);
  t.is((await ask('POST', `/applications/${id}/repair`)).status, 409);
});

test.serial('of sweeps one is open at a time, whoever asks', async (t) => {
  const answers = await Promise.all([1, 2, 3].map(() => ask<SweepView>('POST', '/sweeps', { repair: true })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409]);
  const made = answers.find(({ status }) => status === 202)?.body;
  t.like(made, { status: 'queued', repair: true, findings: [], startedAt: null, finishedAt: null });
  const id = made?.id ?? '';
  await api.db.updateTable('sweeps').set({ status: 'running', worker: 'w' }).where('id', '=', id).execute();
  t.deepEqual((await ask('POST', '/sweeps', {})).body.error.details, { field: 'sweep', reason: `${id} is running` });

  const findings = [{ kind: 'namespace', name: 'authsome-app-x', applicationId: 'app_x', problem: 'orphan', outcome: 'removed' }];
  await api.db
    .updateTable('sweeps')
    .set({ status: 'finished', findings: JSON.stringify(findings), finished_at: new Date() })
    .where('id', '=', id)
    .execute();
  t.like((await ask<SweepView>('GET', `/sweeps/${id}`)).body, { id, status: 'finished', worker: 'w', findings });

  const next = await ask<SweepView>('POST', '/sweeps', {});
  t.is(next.status, 202);
  t.false(next.body.repair, 'nothing is removed that nobody asked to remove');
  const { data, total } = (await ask<{ data: SweepView[]; total: number }>('GET', '/sweeps')).body;
  t.deepEqual(
    data.map((sweep) => sweep.id),
    [next.body.id, id],
  );
  t.is(total, 2);
});

test.serial('a sweep whose worker was lost does not keep the next one away for ever', async (t) => {
  await api.db.deleteFrom('sweeps').execute();
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  await api.db
    .insertInto('sweeps')
    .values({ id: newId('swp'), status: 'running', created_at: longAgo })
    .execute();
  t.is((await ask('POST', '/sweeps', {})).status, 202);
});

test('drift lists what has changed and what could not be looked at, and nothing that is as it should be', async (t) => {
  const [changed, unknown, same, gone] = await Promise.all([1, 2, 3, 4].map(async () => (await activeApplication(api, owner)).id));
  const changes = JSON.stringify([{ change: 'delete', resourceType: 'Secret', resourceName: 's', fields: [] }]);
  await api.db
    .insertInto('drift_reports')
    .values([
      { application_id: changed ?? '', generation: 1, changes },
      { application_id: unknown ?? '', generation: 1, error: 'timeout' },
      { application_id: same ?? '', generation: 1 },
      { application_id: gone ?? '', generation: 1, changes },
    ])
    .execute();
  await api.db
    .updateTable('applications')
    .set({ status: 'deleted' })
    .where('id', '=', gone ?? '')
    .execute();
  const { body } = await ask<{ data: { applicationId: string; name: string }[] }>('GET', '/drift?pageSize=100');
  const listed = body.data.map(({ applicationId }) => applicationId);
  t.deepEqual(
    [changed, unknown, same, gone].map((id) => listed.includes(id ?? '')),
    [true, true, false, false],
  );
  t.is(body.data[0]?.name, 'Web shop');
});

test('the proof of a deletion is there once the application is gone, and not before', async (t) => {
  const { id, workspaceId } = await activeApplication(api, owner);
  t.is((await ask('GET', `/deletions/${id}`)).status, 404);
  await owner.delete(`/control/v1/applications/${id}?permanent=true`);
  await settle(api.db, id);
  const things = JSON.stringify([{ kind: 'namespace', name: 'authsome-app-x' }]);
  await api.db
    .insertInto('deletion_records')
    .values({ application_id: id, workspace_id: workspaceId, name: 'Web shop', slug: 'web-shop', removed: things, verified: things })
    .execute();
  const { status, body } = await ask<object>('GET', `/deletions/${id}`);
  t.is(status, 200);
  t.like(body, { applicationId: id, slug: 'web-shop', removed: [{ kind: 'namespace', name: 'authsome-app-x' }], requestedAt: null });
  t.like((await ask<InspectionView>('GET', `/applications/${id}`)).body, { status: 'deleted', deletion: { slug: 'web-shop' } });
});

test('each change is a line in the log, with who asked and no token', async (t) => {
  const id = await failedApplication();
  await ask('POST', `/applications/${id}/retry`);
  const line = api.lines.map((text) => JSON.parse(text) as Record<string, unknown>).find((facts) => facts.applicationId === id);
  t.like(line, { msg: 'Operator asked for an operation', kind: 'retry', operationId: (await newestJob(api.db, id)).id });
  t.true(line !== undefined && 'address' in line && 'requestId' in line);
  t.false(api.lines.join('\n').includes(operatorToken));
});

const paths = (id: string): [method: string, path: string][] => [
  ['GET', '/repairs'],
  ['GET', `/applications/${id}`],
  ['POST', `/applications/${id}/retry`],
  ['POST', `/applications/${id}/repair`],
  ['POST', '/sweeps'],
  ['GET', '/sweeps'],
  ['GET', `/sweeps/swp_unknown1234`],
  ['GET', '/drift'],
  ['GET', `/deletions/${id}`],
];

test('nobody is let in with an owner’s token, or none, and nothing happens', async (t) => {
  const id = await failedApplication();
  const before = await selectApplication(api.db, id);
  for (const token of [owner.token, undefined, `${operatorToken}x`]) {
    for (const [method, path] of paths(id)) {
      const { status } = await request(api.url, { method, path: `/operator/v1${path}`, token, ...(method === 'POST' ? { body: {} } : {}) });
      t.is(status, 401, `${method} ${path}`);
    }
  }
  t.deepEqual(await selectApplication(api.db, id), before);
});

const notFound = test.macro({
  title: (what) => `the operator finds nothing: ${what ?? ''}`,
  exec: async (t, method: string, path: string) => t.is((await ask(method, path)).status, 404),
});
for (const id of ['app_unknown1234', "app_1'%20or%20'1'='1", 'ws_unknown1234']) {
  test(`an application ${id}`, notFound, 'GET', `/applications/${id}`);
  test(`a retry of ${id}`, notFound, 'POST', `/applications/${id}/retry`);
  test(`a deletion of ${id}`, notFound, 'GET', `/deletions/${id}`);
}
test('a sweep', notFound, 'GET', '/sweeps/swp_unknown1234');
test('a sweep with SQL', notFound, 'GET', "/sweeps/swp_1'%20or%20'1'='1");

const refuses = test.macro({
  title: (what) => `the operator is refused: ${what ?? ''}`,
  async exec(t, method: string, path: string, body: unknown, field: string) {
    const answer = await ask(method, path, body);
    t.is(answer.status, 400);
    t.is(answer.body.error.details?.field, field);
  },
});
test('a sweep that may or may not repair', refuses, 'POST', '/sweeps', { repair: 'yes' }, 'repair');
test('a sweep with an unknown field', refuses, 'POST', '/sweeps', { force: true }, 'force');
test('a sweep of a list', refuses, 'POST', '/sweeps', [], 'body');
test('page 0 of repairs', refuses, 'GET', '/repairs?page=0', undefined, 'page');
test('an unknown filter of drift', refuses, 'GET', '/drift?all=true', undefined, 'all');
