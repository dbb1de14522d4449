import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sql } from 'kysely';
import { destroyExpired } from '../../../services/control-api/scheduler/destroy-expired.ts';
import { prune } from '../../../services/control-api/scheduler/prune.ts';
import { startScheduler } from '../../../services/control-api/scheduler/start-scheduler.ts';
import { newId } from '../../../services/shared/ids.ts';
import { createLog } from '../../../services/shared/log.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import { createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import {
  activeApplication,
  begin,
  endAttempt,
  newestJob,
  selectApplication,
  selectJobs,
  settle,
  writeEvents,
} from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';

const log = createLog({ name: 'test', level: 'silent' });
const past = new Date(Date.now() - 1_000);

async function start(t: ExecutionContext): Promise<{ api: TestControlApi; owner: OwnerClient; sweep: () => Promise<boolean> }> {
  const api = await startControlApi();
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  return { api, owner, sweep: () => destroyExpired({ db: api.db, effects: api.effects, log }) };
}

async function deletedApplication(api: TestControlApi, owner: OwnerClient, destroyAfter: Date | null): Promise<string> {
  const { id } = await activeApplication(api, owner);
  await owner.delete(`/control/v1/applications/${id}`);
  await settle(api.db, id);
  if (destroyAfter !== null) await api.db.updateTable('applications').set({ destroy_after: destroyAfter }).where('id', '=', id).execute();
  return id;
}

test('an application whose grace period is over is destroyed, and one whose is not is left', async (t) => {
  const { api, owner, sweep } = await start(t);
  const expired = await deletedApplication(api, owner, past);
  const waiting = await deletedApplication(api, owner, null);
  await sweep();
  t.like(await selectApplication(api.db, expired), { desired: 'absent', status: 'deleting', destroy_after: null });
  t.like(await newestJob(api.db, expired), { kind: 'destroy', status: 'queued', generation: 3 });
  t.like(routeSchema.parse(JSON.parse((await api.redis.get(routeKey(expired))) ?? 'null')), { status: 'deleting', keys: [] });
  t.like(await selectApplication(api.db, waiting), { desired: 'suspended', generation: 2 });
});

test('several processes at once make one job for each', async (t) => {
  const { api, owner, sweep } = await start(t);
  const ids = [await deletedApplication(api, owner, past), await deletedApplication(api, owner, past)];
  await Promise.all([sweep(), sweep(), sweep(), sweep()]);
  for (const id of ids) t.is((await selectJobs(api.db, id)).filter(({ kind }) => kind === 'destroy').length, 1);
});

test('the applications of a workspace whose grace period is over are destroyed, whatever they were', async (t) => {
  const { api, owner, sweep } = await start(t);
  const workspaceId = await createWorkspace(owner);
  const plain = (await activeApplication(api, owner, { workspaceId, slug: 'plain' })).id;
  const deleted = (await activeApplication(api, owner, { workspaceId, slug: 'deleted' })).id;
  await owner.delete(`/control/v1/applications/${deleted}`);
  await owner.delete(`/control/v1/workspaces/${workspaceId}`);
  await sweep();
  t.is((await selectApplication(api.db, plain)).desired, 'suspended', 'not before its time');
  await api.db.updateTable('workspaces').set({ destroy_after: past }).where('id', '=', workspaceId).execute();
  await sweep();
  for (const id of [plain, deleted]) t.like(await selectApplication(api.db, id), { desired: 'absent', status: 'deleting' });
});

test('one that can not be destroyed now does not hold up the others', async (t) => {
  const { api, owner, sweep } = await start(t);
  const stuck = await deletedApplication(api, owner, past);
  const others = [await deletedApplication(api, owner, past), await deletedApplication(api, owner, past)];
  await api.db
    .insertInto('jobs')
    .values({ id: 'job_blocking00', application_id: stuck, kind: 'update', generation: 3, status: 'queued' })
    .execute();
  // Its jobs can't be written: the constraint stands for any fault that comes again each time.
  await api.db.schema.createIndex('one_job_in_test').on('jobs').columns(['application_id', 'generation']).unique().execute();
  await sweep();
  t.is((await selectApplication(api.db, stuck)).desired, 'suspended');
  for (const id of others) t.is((await selectApplication(api.db, id)).desired, 'absent');
});

test('a restore and the end of the grace period at once end in one of the two, never between', async (t) => {
  const { api, owner, sweep } = await start(t);
  for (let round = 0; round < 5; round += 1) {
    const id = await deletedApplication(api, owner, past);
    const [restored] = await Promise.all([owner.post<{ status: string }>(`/control/v1/applications/${id}/restore`, undefined), sweep()]);
    const row = await selectApplication(api.db, id);
    if (restored.status === 202) t.like(row, { desired: 'present', suspensions: [], destroy_after: null });
    else t.like({ ...row, answer: restored.status }, { desired: 'absent', answer: 409 });
    t.is((await selectJobs(api.db, id)).filter(({ status }) => status === 'queued').length, 1);
  }
});

test('of two schedulers one works, and the other takes over when that one ends', async (t) => {
  const { api, owner } = await start(t);
  const seen: string[] = [];
  const certificates = { look: () => Promise.resolve(void seen.push('look')), forget: () => void seen.push('forget') };
  const options = { db: api.db, databaseUrl: api.databaseUrl, effects: api.effects, certificates, log };
  const [first, second] = [new AbortController(), new AbortController()];
  const running = [startScheduler(options, first.signal)];
  const before = await deletedApplication(api, owner, past);
  await waitFor('the first scheduler', async () => (await selectApplication(api.db, before)).desired === 'absent');
  running.push(startScheduler(options, second.signal));
  first.abort();
  await running[0];
  t.deepEqual(seen, ['look', 'forget']);
  const after = await deletedApplication(api, owner, past);
  await waitFor('the second scheduler', async () => (await selectApplication(api.db, after)).desired === 'absent');
  second.abort();
  await Promise.all(running);
  t.is((await selectJobs(api.db, after)).filter(({ kind }) => kind === 'destroy').length, 1);
});

test('events of operations that ended long ago are pruned, and those of others are kept', async (t) => {
  const { api, owner } = await start(t);
  const old = (await activeApplication(api, owner)).id;
  const fresh = (await activeApplication(api, owner)).id;
  const attempts: string[] = [];
  for (const id of [old, fresh]) {
    const attempt = await begin(api.db, id);
    await writeEvents(api.db, attempt, { first: 1, names: ['a', 'b'] });
    await endAttempt(api.db, attempt);
    attempts.push(attempt);
  }
  const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
  await api.db.updateTable('operations').set({ finished_at: longAgo }).where('application_id', '=', old).execute();
  await api.db
    .insertInto('sweeps')
    .values([{ id: newId('swp'), created_at: longAgo }, { id: newId('swp') }])
    .execute();
  await prune(api.db);
  const kept = await api.db.selectFrom('operation_events').select('operation_id').distinct().execute();
  t.deepEqual(kept, [{ operation_id: attempts[1] ?? '' }]);
  t.is((await api.db.selectFrom('operations').selectAll().execute()).length, 2, 'the operations themselves stay');
  t.is((await api.db.selectFrom('sweeps').selectAll().execute()).length, 1);
});

test('sessions and verifications that have expired are pruned, in portions; others stay', async (t) => {
  const { api, owner } = await start(t);
  await sql`insert into sessions (id, user_id, token, expires_at)
    select 'ses_old' || n, ${owner.userId}, 'hash' || n, now() - interval '1 second' from generate_series(1, 5001) n`.execute(api.db);
  await sql`insert into verifications (id, identifier, value, expires_at)
    select 'ver_' || n, 'x', 'x', now() + n * interval '1 hour' from generate_series(-1, 1) n where n <> 0`.execute(api.db);
  t.true(await prune(api.db));
  t.false(await prune(api.db));
  const { rows } = await sql<{ id: string }>`
    select id from verifications union all select 'session' from sessions where user_id = ${owner.userId}`.execute(api.db);
  t.deepEqual(rows.map(({ id }) => id).sort(), ['session', 'ver_1']);
  t.is((await owner.get('/control/v1/auth/me')).status, 200);
});
