import { jetstreamManager } from '@nats-io/jetstream';
import test from 'ava';
import { sql } from 'kysely';
import { createMetrics } from '../../../services/provisioner/metrics.ts';
import { reconcileOnce } from '../../../services/provisioner/reconciler.ts';
import { newId } from '../../../services/shared/ids.ts';
import { jobStream } from '../../../services/shared/jobs/job.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

// Rounds are run by hand, and no worker takes the messages.

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());
test.beforeEach(async () => {
  await sql`truncate jobs cascade`.execute(world.db);
  await (await jetstreamManager(world.nats)).streams.purge(jobStream.stream);
});

const round = () =>
  reconcileOnce({
    db: world.db,
    nats: world.nats,
    metrics: createMetrics(),
    log: createLog({ name: 'test', level: 'silent' }),
    intervalMs: 1_000,
    ttlMs: 15_000,
    republishAfterMs: 5_000,
  });
const secondsAgo = (seconds: number) => sql<Date>`now() - ${seconds} * interval '1 second'`;
const messages = async () => (await (await jetstreamManager(world.nats)).streams.info(jobStream.stream)).state.messages;

interface JobState {
  publishedSecondsAgo?: number;
  dueInSeconds?: number;
  status?: 'queued' | 'running' | 'succeeded';
  heartbeatSecondsAgo?: number;
}

async function insertJob({ publishedSecondsAgo, dueInSeconds = -100, status = 'queued', heartbeatSecondsAgo }: JobState): Promise<string> {
  const { appId, jobId } = await world.insertApplication();
  await world.db
    .updateTable('jobs')
    .set({
      status,
      created_at: secondsAgo(100),
      run_after: secondsAgo(-dueInSeconds),
      published_at: publishedSecondsAgo === undefined ? null : secondsAgo(publishedSecondsAgo),
    })
    .where('id', '=', jobId)
    .execute();
  if (heartbeatSecondsAgo === undefined) return jobId;
  await world.db
    .insertInto('operations')
    .values({
      id: newId('op'),
      application_id: appId,
      job_id: jobId,
      kind: 'provision',
      generation: 1,
      worker: 'w',
      phase: 'applying',
      heartbeat_at: secondsAgo(heartbeatSecondsAgo),
    })
    .execute();
  return jobId;
}

for (const [title, state] of [
  ['that was never announced', {}],
  ['whose announcement the queue has lost', { publishedSecondsAgo: 10 }],
  ['whose worker is dead', { publishedSecondsAgo: 40, status: 'running', heartbeatSecondsAgo: 20 }],
] as const) {
  test.serial(`a job ${title} is announced, and not again in the next round`, async (t) => {
    const jobId = await insertJob(state);
    t.deepEqual(await round(), [jobId]);
    t.is(await messages(), 1);
    t.deepEqual(await round(), []);
  });
}

for (const [title, state] of [
  ['that a worker is at', { publishedSecondsAgo: 40, status: 'running', heartbeatSecondsAgo: 2 }],
  ['in its backoff', { publishedSecondsAgo: 40, dueInSeconds: 30 }],
  ['that was announced just now', { publishedSecondsAgo: 1 }],
  ['that is done', { status: 'succeeded' }],
] as const) {
  test.serial(`a job ${title} is left alone`, async (t) => {
    await insertJob(state);
    t.deepEqual(await round(), []);
    t.is(await messages(), 0);
  });
}

test.serial('jobs that wait in the queue for a free slot are not announced over and over', async (t) => {
  for (let count = 0; count < 3; count += 1) await insertJob({ publishedSecondsAgo: 20 });
  t.is((await round()).length, 3);
  await world.db
    .updateTable('jobs')
    .set({ published_at: secondsAgo(20) })
    .execute();
  t.deepEqual(await round(), []);
  t.is(await messages(), 3);
});

test.serial('a full queue does not hide a lost announcement for ever', async (t) => {
  await insertJob({ publishedSecondsAgo: 20 });
  await round();
  await world.db
    .updateTable('jobs')
    .set({ published_at: secondsAgo(61) })
    .execute();
  t.is((await round()).length, 1);
});

test.serial('many reconcilers at once announce each job once', async (t) => {
  for (let count = 0; count < 10; count += 1) await insertJob({});
  const announced = (await Promise.all([round(), round(), round(), round()])).flat();
  t.is(announced.length, 10);
  t.is(new Set(announced).size, 10);
  t.is(await messages(), 10);
});
