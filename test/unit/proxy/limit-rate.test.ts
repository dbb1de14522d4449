import test from 'ava';
import { createRateLimiter } from '../../../proxy/passes/limit-rate.ts';

function setUp() {
  const clock = { now: 1_000_000 };
  return { clock, limiter: createRateLimiter({ now: () => clock.now }) };
}

test('a bucket holds one second’s requests, then refuses and says how long to wait', (t) => {
  const { limiter } = setUp();
  const verdicts = Array.from({ length: 11 }, () => limiter.take('key_1', 10));
  t.deepEqual(
    verdicts.map(({ remaining }) => remaining),
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0],
  );
  t.deepEqual(
    verdicts.map(({ allowed }) => allowed),
    [...Array.from({ length: 10 }, () => true), false],
  );
  t.is(verdicts[10]?.retryAfterSeconds, 0.1);
  t.is(verdicts[10]?.resetAt, 1_001);
});

test('a bucket fills at its rate, up to its size', (t) => {
  const { clock, limiter } = setUp();
  for (let i = 0; i < 10; i += 1) limiter.take('key_1', 10);
  clock.now += 250;
  t.is(limiter.take('key_1', 10).remaining, 1);
  clock.now += 3_600_000;
  t.is(limiter.take('key_1', 10).remaining, 9);
});

test('keys do not take from one another', (t) => {
  const { limiter } = setUp();
  for (let i = 0; i < 11; i += 1) limiter.take('key_1', 10);
  t.true(limiter.take('key_2', 10).allowed);
});

test('counters are bounded: the one that was used longest ago is forgotten, and starts again', (t) => {
  const { limiter } = setUp();
  t.is(limiter.take('first', 10).remaining, 9);
  for (let i = 0; i < 100_000; i += 1) limiter.take(`other ${i}`, 10);
  t.is(limiter.take('first', 10).remaining, 9);
  t.is(limiter.take('other 99999', 10).remaining, 8);
});

test('a clock that goes back takes nothing away', (t) => {
  const { clock, limiter } = setUp();
  limiter.take('key_1', 10);
  clock.now -= 60_000;
  t.is(limiter.take('key_1', 10).remaining, 8);
});
