import test from 'ava';
import { lives } from './process-lives.ts';
import { createWorld, waitFor } from './world.ts';
import type { World } from './world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

test('an operation past its deadline is killed with all that it started, and the next attempt takes over', async (t) => {
  await world.startWorker({ OPERATION_TIMEOUT_MS: '2500', CANCEL_GRACE_MS: '300' });
  const { appId, jobId } = await world.insertApplication({ script: ['hang', 'succeed'] });
  await world.announce(jobId);
  // On a machine that is overloaded the deadline may strike the next attempt as well, before it has begun.
  t.is((await world.finished(jobId)).status, 'succeeded');
  const [operation] = await world.operations(appId);
  t.like(operation?.error, { code: 'timeout', unclean: true });
  const [hung, next] = await world.calls(appId);
  const group = [hung?.pid ?? 0, hung?.grandchild ?? 0];
  await waitFor(
    () => group.filter(lives),
    (alive) => alive.length === 0,
    'the death of the whole session',
  );
  t.true(next?.takeover);
});

test('a bad environment stops the start with every variable by name, and no value', async (t) => {
  const error = await t.throwsAsync(
    world.startWorker({ DATABASE_URL: 'mysql://u:hidden@db/x', ENCRYPTION_KEY: 'hidden', CONCURRENCY: 'hidden' }),
  );
  for (const name of ['DATABASE_URL', 'ENCRYPTION_KEY', 'CONCURRENCY']) t.true(error.message.includes(name), name);
  t.false(error.message.includes('hidden'));
});
