import test from 'ava';
import { AppError } from '../../../../services/shared/errors.ts';
import { createHashingGate } from '../../../../services/shared/guard/hashing-gate.ts';
import type { HashingGate } from '../../../../services/shared/guard/hashing-gate.ts';

test('no more work runs at once than allowed, the rest follows in order, and a failure frees its place', async (t) => {
  const gate = createHashingGate({ concurrency: 2 });
  const started: number[] = [];
  const finish: ((err?: Error) => void)[] = [];
  const results = [0, 1, 2, 3].map((n) =>
    gate.run('client', async () => {
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
  t.is(await gate.run('client', () => Promise.resolve('again')), 'again');
});

test('more work than may wait is refused with 503', async (t) => {
  const gate = createHashingGate({ concurrency: 1, maxWaiting: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const both = [gate.run('a', () => promise), gate.run('a', () => promise)];
  const refused = await t.throwsAsync(
    gate.run('b', () => promise),
    { instanceOf: AppError },
  );
  t.is(refused?.status, 503);
  resolve();
  await Promise.all(both);
});

/** Work that ends only when it is told, and a list of who ran. */
function recorder(gate: HashingGate) {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const holder = gate.run('holder', () => promise);
  const add = (client: string) =>
    gate
      .run(client, () => Promise.resolve(order.push(client)))
      .then(
        () => 200,
        (err: unknown) => (err instanceof AppError ? err.status : 500),
      );
  return { order, add, release: () => (resolve(), holder) };
}

test('clients take turns, so that who asks for much does not hold up the others', async (t) => {
  const { order, add, release } = recorder(createHashingGate({ concurrency: 1 }));
  const all = [...Array.from({ length: 10 }, () => add('attacker')), add('person'), add('person'), add('other')];
  await release();
  await Promise.all(all);
  t.deepEqual(order.slice(0, 5), ['attacker', 'person', 'other', 'attacker', 'person']);
});

test('one client can take half of the queue, and the rest stays free for others', async (t) => {
  const { order, add, release } = recorder(createHashingGate({ concurrency: 1, maxWaiting: 10 }));
  const attacks = Array.from({ length: 100 }, () => add('attacker'));
  const people = Array.from({ length: 5 }, (_, n) => add(`person ${n}`));
  await release();
  t.deepEqual([...new Set(await Promise.all(people))], [200]);
  t.is((await Promise.all(attacks)).filter((status) => status === 200).length, 5);
  t.is(order.length, 10);
});

test('in a full queue a newcomer takes the place of who has the most', async (t) => {
  const { add, release } = recorder(createHashingGate({ concurrency: 1, maxWaiting: 10 }));
  const attacks = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'].map(add);
  const person = add('person');
  await release();
  t.is(await person, 200);
  t.is((await Promise.all(attacks)).filter((status) => status === 503).length, 1);
});
