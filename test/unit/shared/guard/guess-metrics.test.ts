import test from 'ava';
import { Registry } from 'prom-client';
import { createGuessGuard } from '../../../../services/shared/guard/guess-guard.ts';
import { createGuessCounter } from '../../../../services/shared/guard/guess-metrics.ts';
import { createMemoryGuessStore } from '../../../../services/shared/guard/memory-guess-store.ts';

test('guesses are counted by how they ended and which bucket refused them, and no label names anyone', async (t) => {
  const registry = new Registry();
  const guard = createGuessGuard({ store: createMemoryGuessStore(), secret: 'a secret', onEnd: createGuessCounter(registry) });
  const guess = { kind: 'password', account: 'ada@example.com', client: '192.0.2.1' } as const;
  await guard.attempt(guess, () => Promise.resolve(true));
  for (let n = 0; n < 6; n += 1) await guard.attempt(guess, () => Promise.resolve(undefined)).catch(() => undefined);
  const text = await registry.metrics();
  for (const line of [
    'authsome_guesses_total{kind="password",end="right",by="none"} 1',
    'authsome_guesses_total{kind="password",end="wrong",by="none"} 5',
    'authsome_guesses_total{kind="password",end="refused",by="account_client"} 1',
  ])
    t.true(text.includes(line), text);
  t.false(text.includes('ada') || text.includes('192.0'));
});
