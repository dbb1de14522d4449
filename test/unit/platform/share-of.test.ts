import test from 'ava';
import { shareOf } from '../../../platform/share-of.ts';

for (const [quantity, share, expected] of [
  ['1', 0.7, '700m'],
  ['500m', 0.7, '350m'],
  ['1.5', 0.5, '750m'],
  ['1Gi', 0.8, '819Mi'],
  ['512Mi', 0.8, '419430Ki'],
] as const)
  test(`${share} of ${quantity} is ${expected}`, (t) => {
    t.is(shareOf(quantity, share), expected);
  });

test('what is no such quantity is refused by its text', (t) => {
  t.throws(() => shareOf('1e3', 0.5), { message: /^1e3 is no quantity/ });
});
