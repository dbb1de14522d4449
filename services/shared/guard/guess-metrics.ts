import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { BucketName, GuessKind } from './guess-policies.ts';
import type { GuessEnd } from './guess-guard.ts';

/** `authsome_guesses_total{kind,end,by}`: what a guard compared and refused. No label names an account or an address. */
export function createGuessCounter(registry: Registry): (kind: GuessKind, end: GuessEnd, by: BucketName | 'none') => void {
  const guesses = new Counter({
    name: 'authsome_guesses_total',
    help: 'Passwords, codes and one-time tokens by how they ended: right, wrong, or refused during a pause, by the bucket that was full',
    labelNames: ['kind', 'end', 'by'],
    registers: [registry],
  });
  return (kind, end, by) => guesses.inc({ kind, end, by });
}
