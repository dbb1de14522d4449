import test from 'ava';
import { createHashingGate } from '../../../services/instance/auth/hashing-gate.ts';
import { AppError } from '../../../services/shared/errors.ts';

test('no more work runs at once than allowed, the rest follows in order, and a failure frees its place', async (t) => {
  const gate = createHashingGate({ concurrency: 2 });
  const started: number[] = [];
  const finish: ((err?: Error) => void)[] = [];
  const results = [0, 1, 2, 3].map((n) =>
    gate.run(async () => {
      started.push(n);
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      finish[n] = (err) => (err ? reject(err) : resolve(n));
      return promise;
    }),
  );
  t.deepEqual(started, [0, 1]);
  finish[0]?.(new Error('failed'));
  await t.throwsAsync(results[0]!, { message: 'failed' });
  t.deepEqual(started, [0, 1, 2]);
  finish[2]?.();
  t.is(await results[2], 2);
  finish[1]?.();
  await results[1];
  t.deepEqual(started, [0, 1, 2, 3]);
  finish[3]?.();
  await results[3];
  t.is(await gate.run(() => Promise.resolve('again')), 'again');
});

test('more work than may wait is refused with 503', async (t) => {
  const gate = createHashingGate({ concurrency: 1, maxWaiting: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const both = [gate.run(() => promise), gate.run(() => promise)];
  t.is(
    (
      await t.throwsAsync(
        gate.run(() => promise),
        { instanceOf: AppError },
      )
    )?.status,
    503,
  );
  resolve();
  await Promise.all(both);
});
