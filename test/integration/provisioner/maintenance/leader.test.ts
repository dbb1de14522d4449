import test from 'ava';
import { newId } from '../../../../services/shared/ids.ts';
import { createWorld, waitFor } from '../world.ts';
import type { World } from '../world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

async function swept(): Promise<{ worker: string | null; status: string }> {
  const id = newId('swp');
  await world.db.insertInto('sweeps').values({ id }).execute();
  return waitFor(
    () => world.db.selectFrom('sweeps').select(['worker', 'status']).where('id', '=', id).executeTakeFirstOrThrow(),
    ({ status }) => status === 'finished' || status === 'failed',
    'the sweep',
  );
}

test.serial(
  'of several provisioners one does what is to be done once; another goes on when it is killed, and a shutdown does not wait for it',
  async (t) => {
    const workers = [await world.startWorker({ SWEEP_POLL_MS: '200' }), await world.startWorker({ SWEEP_POLL_MS: '200' })];
    const first = await swept();
    t.is(first.status, 'finished');
    t.is((await swept()).worker, first.worker);

    const leader = workers.find(({ name }) => name === first.worker);
    const follower = workers.find(({ name }) => name !== first.worker);
    leader?.kill('SIGKILL');
    await leader?.exited;
    const second = await swept();
    t.is(second.status, 'finished');
    t.is(second.worker, follower?.name ?? '');

    const metrics = await fetch(follower?.metricsUrl ?? '').then((response) => response.text());
    for (const name of ['authsome_sweep_last_success_timestamp_seconds', 'authsome_applications_drifted', 'authsome_jobs_queued_overdue'])
      t.regex(metrics, new RegExp(`^${name} \\d`, 'm'));
    t.regex(metrics, /^authsome_leader\{leads="provisioner"\} 1$/m);
    const startedAt = performance.now();
    follower?.kill('SIGTERM');
    t.is(await follower?.exited, 0);
    t.true(performance.now() - startedAt < 5_000);
  },
);

test.serial('the leader looks for drift of active applications, and keeps what it finds', async (t) => {
  const worker = await world.startWorker({ DRIFT_POLL_MS: '200' });
  const { appId } = await world.insertApplication();
  const report = await waitFor(
    () => world.db.selectFrom('drift_reports').selectAll().where('application_id', '=', appId).executeTakeFirst(),
    (row) => row !== undefined,
    'the report',
  );
  t.like(report, { generation: 1, error: null });
  t.deepEqual(report?.changes, []);
  // It is no operation, so it leaves no trace of one.
  t.is((await world.operations(appId)).length, 1);
  worker.kill('SIGKILL');
  await worker.exited;
});
