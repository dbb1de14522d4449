import test from 'ava';
import { createGuessGuard } from '../../../../services/shared/guard/guess-guard.ts';
import { guessPolicies } from '../../../../services/shared/guard/guess-policies.ts';
import { createMemoryGuessStore } from '../../../../services/shared/guard/memory-guess-store.ts';
import { createRedisGuessStore } from '../../../../services/shared/guard/redis-guess-store.ts';
import type { Buckets, GuessStore, Outcome } from '../../../../services/shared/guard/guess-store.ts';
import { createTestRedis } from '../../../support/test-redis.ts';
import type { TestRedis } from '../../../support/test-redis.ts';

let testRedis: TestRedis;
test.before(async () => {
  testRedis = await createTestRedis();
});
test.after.always(() => testRedis?.close());

const { password } = guessPolicies();

function bucketsOf(prefix: string, account: number, client: number): Buckets {
  const both = `${account}:${client}`;
  return {
    all: [
      { name: 'account_client', key: `${prefix}:both:${both}`, policy: password.account_client },
      { name: 'account', key: `${prefix}:account:${account}`, policy: { ...password.account, free: 8 } },
      { name: 'client', key: `${prefix}:client:${client}`, policy: { ...password.client, free: 12 } },
    ],
    knownKey: `${prefix}:known:${both}`,
  };
}

/** Numbers that are the same in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** What a store answers to a long, random history of guesses by few clients for few accounts. */
async function replay(store: GuessStore, seed: number, prefix: string): Promise<unknown[]> {
  const random = seeded(seed);
  const outcomes: Outcome[] = ['wrong', 'wrong', 'wrong', 'right', 'void'];
  const answers: unknown[] = [];
  const open: { buckets: Buckets; reservation: Awaited<ReturnType<GuessStore['reserve']>> }[] = [];
  // Now, since Redis lets keys expire by its own clock.
  let now = Date.now();
  for (let step = 0; step < 400; step += 1) {
    now += random(4) === 0 ? random(90_000) : random(500);
    const buckets = bucketsOf(prefix, random(3), random(3));
    const reservation = await store.reserve(buckets, now);
    answers.push(reservation.admitted ? reservation.pausedUntil.map((until) => until && until - now) : { ...reservation });
    if (reservation.admitted) open.push({ buckets, reservation });
    while (open.length > random(4)) {
      const [first] = open.splice(random(open.length), 1);
      now += random(300);
      if (first?.reservation.admitted)
        await store.settle(first.buckets, first.reservation, outcomes[random(outcomes.length)] ?? 'wrong', now);
    }
  }
  return answers;
}

for (const seed of [1, 2, 3, 4]) {
  test(`Redis and memory answer alike to the history of seed ${seed}`, async (t) => {
    const inRedis = await replay(createRedisGuessStore(testRedis.redis), seed, `replay-${seed}`);
    t.deepEqual(inRedis, await replay(createMemoryGuessStore(), seed, `replay-${seed}`));
    t.true(inRedis.some((answer) => !Array.isArray(answer)));
  });
}

test('replicas count together: of guesses at two of them, five are compared in all', async (t) => {
  let compared = 0;
  const guards = [0, 1].map(() => createGuessGuard({ store: createRedisGuessStore(testRedis.redis), secret: 'a secret' }));
  const guess = { kind: 'password', account: 'replicas@example.com', client: '192.0.2.1' } as const;
  const compare = () => {
    compared += 1;
    return Promise.resolve(undefined);
  };
  const attempts = Array.from({ length: 20 }, () => guards.map((guard) => guard.attempt(guess, compare))).flat();
  const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'rejected');
  t.is(compared, 5);
  t.is(refused.length, 35);
});

test('nothing of a guess is kept for ever', async (t) => {
  const store = createRedisGuessStore(testRedis.redis);
  const buckets = bucketsOf('expiry', 1, 1);
  const reservation = await store.reserve(buckets, Date.now());
  if (!reservation.admitted) return t.fail();
  for (const { key } of buckets.all) t.true((await testRedis.redis.pttl(key)) > 0);
  await store.settle(buckets, reservation, 'right', Date.now());
  t.true((await testRedis.redis.pttl(buckets.knownKey ?? '')) > 0);
});
