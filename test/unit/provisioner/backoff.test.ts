import test from 'ava';
import { backoffMs } from '../../../services/provisioner/backoff.ts';

const lowest = () => 0;
const highest = () => 0.999_999;

for (const [attempt, from, to] of [
  [1, 1_000, 2_000],
  [2, 2_000, 4_000],
  [3, 4_000, 8_000],
] as const) {
  test(`retry ${attempt} comes between ${from} and ${to} ms after the failure`, (t) => {
    t.is(backoffMs({ attempt, baseMs: 2_000, random: lowest }), from);
    t.is(backoffMs({ attempt, baseMs: 2_000, random: highest }), to);
  });
}

test('the wait never grows past its limit', (t) => {
  t.is(backoffMs({ attempt: 40, baseMs: 2_000, maxMs: 5_000, random: highest }), 5_000);
});

test('two jobs that failed together are not retried together', (t) => {
  const waits = new Set(Array.from({ length: 50 }, () => backoffMs({ attempt: 3, baseMs: 2_000 })));
  t.true(waits.size > 10);
});
