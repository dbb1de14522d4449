import test from 'ava';
import { lives } from './process-lives.ts';
import { createWorld, waitFor } from './world.ts';
import type { Step } from './scripted-child.ts';
import type { World } from './world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

async function heldBy(overrides: Record<string, string>, script: Step[]) {
  const worker = await world.startWorker(overrides);
  const { appId, jobId } = await world.insertApplication({ script });
  await world.announce(jobId);
  await world.started(appId, 1);
  return { worker, appId, jobId };
}

const succeeded = (jobId: string) =>
  waitFor(
    () => world.job(jobId),
    ({ status }) => status === 'succeeded',
    `the success of ${jobId}`,
  );

test.serial('SIGTERM lets an operation finish that does so in time, and takes no other', async (t) => {
  const { worker, appId, jobId } = await heldBy({ DRAIN_TIMEOUT_MS: '20000' }, ['hold']);
  worker.kill('SIGTERM');
  await waitFor(
    () => worker.lines,
    (lines) => lines.some((line) => line.includes('Shutting down')),
    'the shutdown',
  );
  const late = await world.insertApplication();
  await world.announce(late.jobId);
  await world.release(appId);
  t.is(await worker.exited, 0);
  t.is((await world.job(jobId)).status, 'succeeded');
  t.is((await world.job(late.jobId)).status, 'queued');

  const next = await world.startWorker();
  await succeeded(late.jobId);
  next.kill('SIGKILL');
  await next.exited;
});

test.serial('SIGTERM hands back an operation that takes longer, and the next worker takes over at once', async (t) => {
  const { worker, appId, jobId } = await heldBy({ DRAIN_TIMEOUT_MS: '200' }, ['hold', 'succeed']);
  worker.kill('SIGTERM');
  t.is(await worker.exited, 0);
  const [handedBack] = await world.operations(appId);
  t.like(handedBack, { status: 'abandoned' });
  t.like(handedBack?.error, { code: 'handed_back' });
  t.like(await world.job(jobId), { status: 'queued', attempts: 0 });

  const startedAt = Date.now();
  const next = await world.startWorker();
  await succeeded(jobId);
  t.true(Date.now() - startedAt < 12_000, 'within the lease of 15 s: nobody waited for it to expire');
  t.deepEqual(
    (await world.calls(appId)).map(({ takeover }) => takeover),
    [false, true],
  );
  next.kill('SIGKILL');
  await next.exited;
});

test.serial('a child that ignores SIGINT is killed with all that it started', async (t) => {
  const { worker, appId, jobId } = await heldBy({ DRAIN_TIMEOUT_MS: '200', CANCEL_GRACE_MS: '300' }, ['hang', 'succeed']);
  worker.kill('SIGTERM');
  t.is(await worker.exited, 0);
  const [call] = await world.calls(appId);
  await waitFor(
    () => [call?.pid ?? 0, call?.grandchild ?? 0].filter(lives),
    (alive) => alive.length === 0,
    'the death of the whole session',
  );
  t.is((await world.job(jobId)).status, 'queued');
});
