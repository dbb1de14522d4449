import test from 'ava';
import { createLineLimit } from '../../../services/shared/http/limit-lines.ts';

test('refusals get at most 100 lines a second, other answers all; the next line says how many were left out', (t) => {
  const clock = { now: 1_000_000 };
  const admit = createLineLimit({ now: () => clock.now });
  const refused = Array.from({ length: 250 }, () => admit({ refused: true }));
  t.is(refused.filter(({ admitted }) => admitted).length, 100);
  t.deepEqual(admit({ refused: false }), { admitted: true, leftOut: 150 });
  t.deepEqual(admit({ refused: false }), { admitted: true, leftOut: 0 });
  t.false(admit({ refused: true }).admitted);
  clock.now += 1_000;
  t.deepEqual(admit({ refused: true }), { admitted: true, leftOut: 1 });
});
