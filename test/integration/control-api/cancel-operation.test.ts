import test from 'ava';
import type { OperationView } from '../../../services/control-api/presenters/present-operation.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import {
  activeApplication,
  begin,
  newestJob,
  routeOf,
  selectApplication,
  selectJobs,
  settle,
} from '../../support/provisioned-application.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const cancel = <Body = OperationView>(id: string, operationId: string) =>
  owner.delete<Body>(`/control/v1/applications/${id}/operations/${operationId}`);
const command = (id: string, name: string) => owner.post(`/control/v1/applications/${id}/${name}`, undefined);

test('an operation that waits is cancelled at once, and its application is failed with the reason, which the proxies know', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  const job = await newestJob(api.db, id);
  const { revision } = await selectApplication(api.db, id);
  const { status, body } = await cancel(id, job.id);
  t.is(status, 200);
  t.like(body, { id: job.id, status: 'cancelled', error: { code: 'cancelled' } });
  t.not(body.finishedAt, null);
  const failure = { code: 'cancelled', message: 'The operation was cancelled.', operationId: job.id };
  t.like(await selectApplication(api.db, id), { status: 'failed', failure, revision: revision + 1, serving: true });
  t.like(await routeOf(api, id), { status: 'failed', revision: revision + 1, internalUrl: 'http://instance' });
});

test('an operation that runs is asked to stop, and asking again changes nothing', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  await begin(api.db, id);
  const job = await newestJob(api.db, id);
  const first = await cancel(id, job.id);
  t.is(first.status, 202);
  t.is(first.body.status, 'running');
  t.not(first.body.cancelRequestedAt, null);
  const again = await cancel(id, job.id);
  t.is(again.status, 202);
  t.is(again.body.cancelRequestedAt, first.body.cancelRequestedAt);
  t.like(await selectApplication(api.db, id), { status: 'restarting', failure: null });
});

test('an operation between two attempts waits, so it ends at once', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  const job = await newestJob(api.db, id);
  await api.db
    .updateTable('jobs')
    .set({ attempts: 1, run_after: new Date(Date.now() + 60_000) })
    .where('id', '=', job.id)
    .execute();
  t.is((await cancel(id, job.id)).body.status, 'cancelled');
});

const refusesEnded = test.macro({
  title: (_title, status: string) => `an operation that is ${status} already can not be cancelled, and the answer says so`,
  async exec(t, status: 'succeeded' | 'failed' | 'cancelled' | 'superseded') {
    const { id } = await activeApplication(api, owner);
    await command(id, 'restart');
    const job = await newestJob(api.db, id);
    if (status === 'cancelled') await cancel(id, job.id);
    else if (status === 'superseded') await command(id, 'restart');
    else await settle(api.db, id, { outcome: status });
    const before = await selectApplication(api.db, id);
    const answer = await cancel<ErrorAnswer>(id, job.id);
    t.is(answer.status, 409);
    t.deepEqual(answer.body.error.details, { field: 'operation', reason: `is ${status}` });
    t.deepEqual(await selectApplication(api.db, id), before);
  },
});
test(refusesEnded, 'succeeded');
test(refusesEnded, 'failed');
test(refusesEnded, 'cancelled');
test(refusesEnded, 'superseded');

test('one that runs for an older generation can not fail the application: a newer one has its place', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  await begin(api.db, id);
  const older = await newestJob(api.db, id);
  await owner.patch(`/control/v1/applications/${id}`, { config: { mode: 'saas' } });
  const { status, body } = await cancel<ErrorAnswer>(id, older.id);
  t.is(status, 409);
  t.is(body.error.details?.reason, 'is superseded by a newer operation');
  t.is((await selectJobs(api.db, id))[1]?.cancel_requested_at, null);
});

const refusesDeletions = test.macro({
  title: (what) => `what deletes is not cancelled, but says which way there is: ${what ?? ''}`,
  async exec(t, query: string, reason: string, running: boolean) {
    const { id } = await activeApplication(api, owner);
    await owner.delete(`/control/v1/applications/${id}${query}`);
    if (running) await begin(api.db, id);
    const job = await newestJob(api.db, id);
    const { status, body } = await cancel<ErrorAnswer>(id, job.id);
    t.is(status, 409);
    t.deepEqual(body.error.details, { field: 'operation', reason });
    t.is((await newestJob(api.db, id)).cancel_requested_at, null);
    t.is((await selectApplication(api.db, id)).status, 'deleting');
  },
});
test('a deletion that waits', refusesDeletions, '', 'deletes the application: restore it instead', false);
test('a deletion that runs', refusesDeletions, '', 'deletes the application: restore it instead', true);
const noWayBack = 'deletes the application for good, which has no way back';
test('a permanent one that waits', refusesDeletions, '?permanent=true', noWayBack, false);
test('a permanent one that runs', refusesDeletions, '?permanent=true', noWayBack, true);

test('a suspension that was cancelled still keeps requests away, and can be taken back', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'suspend');
  await cancel(id, (await newestJob(api.db, id)).id);
  t.like(await routeOf(api, id), { status: 'suspended', internalUrl: null });
  t.is((await command(id, 'resume')).status, 202);
});

test('a first operation that was cancelled leaves an application that can be tried again, or deleted', async (t) => {
  const { body: created } = await createApplication(owner, await createWorkspace(owner));
  await cancel(created.id, (await newestJob(api.db, created.id)).id);
  t.is((await selectApplication(api.db, created.id)).status, 'failed');
  const { status, body } = await owner.patch<{ status: string }>(`/control/v1/applications/${created.id}`, { config: {} });
  t.is(status, 202);
  t.is(body.status, 'provisioning');
  t.is((await owner.delete(`/control/v1/applications/${created.id}`)).status, 202);
});

test('of a cancellation and a worker at once, either the operation never begins or it is asked to stop', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const { id } = await activeApplication(api, owner);
    await command(id, 'restart');
    const job = await newestJob(api.db, id);
    // As services/provisioner/lease.ts does it: the application is locked, then the job is looked at.
    const taken = api.db.transaction().execute(async (tx) => {
      await tx.selectFrom('applications').select('id').where('id', '=', id).forUpdate().executeTakeFirstOrThrow();
      const { numUpdatedRows } = await tx
        .updateTable('jobs')
        .set({ status: 'running' })
        .where('id', '=', job.id)
        .where('status', '=', 'queued')
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    });
    const [answer, began] = await Promise.all([cancel(id, job.id), taken]);
    t.is(answer.status, began ? 202 : 200);
    const after = await newestJob(api.db, id);
    t.not(after.cancel_requested_at, null);
    t.is(after.status, began ? 'running' : 'cancelled');
  }
});

test("an unknown operation and another application's are not found", async (t) => {
  const [one, other] = [await activeApplication(api, owner), await activeApplication(api, owner)];
  const job = await newestJob(api.db, other.id);
  for (const operationId of ['job_unknown1234', job.id, "job_1'%20or%20'1'='1"]) {
    t.is((await cancel(one.id, operationId)).status, 404);
    t.is((await owner.get(`/control/v1/applications/${one.id}/operations/${operationId}/events`)).status, 404);
  }
});
