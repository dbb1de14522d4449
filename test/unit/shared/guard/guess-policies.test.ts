import test from 'ava';
import { z } from 'zod';
import { parseConfig } from '../../../../services/shared/config.ts';
import { guardConfig, guessPolicies } from '../../../../services/shared/guard/guess-policies.ts';

const schema = z.object(guardConfig);

test('without settings the bounds are those of docs/customer-api.md', (t) => {
  const { password, code, token } = guessPolicies(parseConfig(schema, {}));
  t.deepEqual(
    [password.account_client, password.account, password.client].map(({ free, longestPauseMs }) => [free, longestPauseMs / 1_000]),
    [
      [5, 900],
      [30, 120],
      [50, 120],
    ],
  );
  t.deepEqual([code.account_client.free, code.account_client.firstPauseMs, token.client.free], [10, 900_000, 30]);
});

test('the bounds are settings', (t) => {
  const { password } = guessPolicies(parseConfig(schema, { GUARD_PASSWORD_TRIES: '3', GUARD_LONGEST_PAUSE_SECONDS: '60' }));
  t.like(password.account_client, { free: 3, longestPauseMs: 60_000, leakMs: 60_000 });
});

test('no pause ends later than its failure is remembered, so that waiting pays for no one', (t) => {
  for (const kind of Object.values(guessPolicies()))
    for (const { longestPauseMs, leakMs, firstPauseMs } of Object.values(kind)) {
      t.true(firstPauseMs <= longestPauseMs);
      t.true(longestPauseMs <= 4 * leakMs);
    }
});
