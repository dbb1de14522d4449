import test from 'ava';
import { strikeCommand } from './cli/command-life.ts';
import { planEachVictimOnce } from './cli/plan-strikes.ts';

// Each command once; `npm run test:faults -- --victims cli --runs N` strikes every command in every way, N times.
const seed = 1;
/** A command, the same again, two more of `up`, and the platform coming to rest. */
const limitMs = 900_000;

for (const planned of planEachVictimOnce(seed)) {
  const { victim, strike, delayMs } = planned;
  test.serial(
    `${strike} ${delayMs} ms into ./authsome ${victim} (seed ${seed}): the same command again recovers it, and nothing is left`,
    async (t) => {
      t.timeout(limitMs);
      const { struck, leftOut, problems, recoveryMs } = await strikeCommand(planned);
      t.log(leftOut ?? (struck ? `recovered in ${recoveryMs} ms` : 'missed: the command was over before the strike'));
      t.deepEqual(problems, []);
    },
  );
}
