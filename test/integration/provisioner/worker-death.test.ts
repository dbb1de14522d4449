import test from 'ava';
import { routeKey } from '../../../services/shared/routes/route.ts';
import { createWorld, waitFor } from './world.ts';
import type { Worker, World } from './world.ts';

// Serial, each with two workers of its own: which one has the job must be known.

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

/** Shorter than the real 15 s, so that a takeover takes seconds; longer than what a busy machine may stall. */
const lease = { HEARTBEAT_MS: '500', LEASE_TTL_MS: '4000' };

/** An application whose first child holds, in the hands of the first of two workers. */
async function heldByFirst(): Promise<{ appId: string; jobId: string; first: Worker; second: Worker }> {
  const first = await world.startWorker(lease);
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'succeed'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  return { appId, jobId, first, second: await world.startWorker(lease) };
}

const succeeded = (jobId: string) =>
  waitFor(
    () => world.job(jobId),
    ({ status }) => status === 'succeeded',
    `the success of ${jobId}`,
  );

async function end(...workers: Worker[]): Promise<void> {
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.map((worker) => worker.exited));
}

test.serial('the operation of a killed worker is taken over after its heartbeat expired, and finished', async (t) => {
  const { appId, jobId, first, second } = await heldByFirst();
  const killedAt = Date.now();
  first.kill('SIGKILL');
  await first.exited;
  await succeeded(jobId);
  const operations = await world.operations(appId);
  t.deepEqual(
    operations.map(({ status, worker }) => ({ status, worker })),
    [
      { status: 'abandoned', worker: first.name },
      { status: 'succeeded', worker: second.name },
    ],
  );
  t.like(operations[0]?.error, { code: 'worker_lost' });
  // Its last heartbeat was up to half a second, and a busy machine's delay, before its death; the clocks are one machine's.
  t.true((operations[1]?.started_at.getTime() ?? 0) - killedAt >= 3_000, 'not before the lease was over');
  t.deepEqual(
    (await world.calls(appId)).map(({ takeover }) => takeover),
    [false, true],
  );
  t.like(await world.job(jobId), { attempts: 0 });
  t.is((await world.application(appId)).status, 'active');
  await waitFor(
    () => world.redis.get(routeKey(appId)),
    (route) => route !== null,
    'the route',
  );
  await end(second);
});

test.serial('a worker that was paused past its lease writes nothing when it wakes', async (t) => {
  const { appId, jobId, first, second } = await heldByFirst();
  first.kill('SIGSTOP');
  await succeeded(jobId);
  const before = await world.application(appId);
  // Its child has succeeded meanwhile, so that it wakes with a result in its hands.
  await world.release(appId);
  first.kill('SIGCONT');
  await waitFor(
    () => first.lines.join('\n'),
    (log) => log.includes('Lost the lease') || log.includes('lease_lost'),
    'the lost lease to be noticed',
    10_000,
  );
  await waitFor(
    () => fetch(`${first.url}/operations`).then((response) => response.json() as Promise<{ operations: unknown[] }>),
    ({ operations }) => operations.length === 0,
    'the end of the lost operation',
  );
  t.deepEqual(await world.application(appId), before);
  t.deepEqual(
    (await world.operations(appId)).map(({ status }) => status),
    ['abandoned', 'succeeded'],
  );
  await end(first, second);
});
