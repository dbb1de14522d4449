import test from 'ava';
import { cleanUp } from './clean-up.ts';
import { Life, recoveryLimitMs, waitForRest } from './life.ts';
import { operationNames, planEachFaultOnce } from './plan-lives.ts';
import { openSuite } from './suite.ts';
import type { Suite } from './suite.ts';

// Every fault, 1 time each, in one operation of three; `npm run test:faults -- --runs N` tries every fault in every operation, N times.
const seed = 1;

let suite: Suite | undefined;
let strikes = 0;
test.before(async (t) => {
  t.timeout(recoveryLimitMs * 2);
  suite = await openSuite();
});
test.after.always(async (t) => {
  t.timeout(recoveryLimitMs * 2);
  if (suite !== undefined) await cleanUp(suite.platform);
});

for (const { number, faults } of planEachFaultOnce(seed)) {
  let life: Life | undefined;
  for (const operation of operationNames) {
    const planned = faults[operation];
    const moment = `SIGKILL of ${planned?.fault} ${planned?.delayMs} ms into ${operation}`;
    test.serial(`${moment}, 1 time (seed ${seed}, life ${number}): all that was asked for is there, once, without help`, async (t) => {
      // The limit of a recovery, the last look, and the platform coming to rest.
      t.timeout(recoveryLimitMs + 240_000);
      if (suite === undefined) return t.fail('the suite was not opened');
      life ??= new Life(suite.platform);
      const { struck, problems, attempts, recoveryMs } = await life.step(operation, planned, suite.objects);
      t.log(`${recoveryMs ?? '-'} ms`, attempts);
      // How fast an operation is, is the machine's: one that was over before its kill is no fault of the platform's.
      if (struck) strikes += 1;
      else t.log('missed: the operation was over before the kill');
      await waitForRest(suite.platform);
      t.deepEqual(problems, []);
    });
  }
}

test.serial('most kills came while their operation ran', (t) => {
  t.true(strikes >= 5, `${strikes} of 9 struck`);
});
