import test from 'ava';
import { faultNames, operationNames, planEachFaultOnce, planLives } from '../../faults/plan-lives.ts';
import type { PlannedLife } from '../../faults/plan-lives.ts';
import { seededRandom, shuffled } from '../../faults/seeded-random.ts';

function combinations(lives: readonly PlannedLife[]): string[] {
  return lives.flatMap(({ faults }) => Object.entries(faults).map(([operation, { fault }]) => `${fault} in ${operation}`));
}

test('every fault meets every operation, as often as there are runs', (t) => {
  const planned = combinations(planLives({ seed: 7, runs: 3 }));
  t.is(planned.length, faultNames.length * operationNames.length * 3);
  for (const fault of faultNames) {
    for (const operation of operationNames) t.is(planned.filter((found) => found === `${fault} in ${operation}`).length, 3);
  }
});

test('no fault meets the same application twice', (t) => {
  for (const { faults } of planLives({ seed: 7, runs: 3 })) t.is(new Set(Object.values(faults).map(({ fault }) => fault)).size, 3);
});

test('the same seed plans the same, another seed something else', (t) => {
  t.deepEqual(planLives({ seed: 7, runs: 2 }), planLives({ seed: 7, runs: 2 }));
  t.notDeepEqual(planLives({ seed: 7, runs: 2 }), planLives({ seed: 8, runs: 2 }));
});

test('a life is the same whatever else is planned, so that it can be tried again alone', (t) => {
  const all = planLives({ seed: 7, runs: 3 });
  t.deepEqual(planLives({ seed: 7, runs: 3, life: 14 }), [all[13]]);
  t.deepEqual(planLives({ seed: 7, runs: 1 }), all.slice(0, faultNames.length));
  const narrow = planLives({ seed: 7, runs: 3, faults: ['worker'], operations: ['update'] });
  t.is(narrow.length, 3);
  for (const { number, faults } of narrow) t.deepEqual(faults, { update: all[number - 1]?.faults.update });
});

test('each fault once takes three lives and no fault twice', (t) => {
  const lives = planEachFaultOnce(7);
  t.is(lives.length, 3);
  t.deepEqual(lives.flatMap(({ faults }) => Object.values(faults).map(({ fault }) => fault)).sort(), [...faultNames].sort());
});

test('seeded numbers are spread over 0 to 1, and each purpose has its own', (t) => {
  const random = seededRandom(1, 'spread');
  const drawn = Array.from({ length: 1_000 }, random);
  t.true(drawn.every((number) => number >= 0 && number < 1));
  const mean = drawn.reduce((sum, number) => sum + number, 0) / drawn.length;
  t.true(Math.abs(mean - 0.5) < 0.05, String(mean));
  t.not(seededRandom(1, 'a')(), seededRandom(1, 'b')());
  t.deepEqual(shuffled([1, 2, 3, 4], seededRandom(2)).sort(), [1, 2, 3, 4]);
});
