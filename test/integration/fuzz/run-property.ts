import fc from 'fast-check';
import type { IAsyncProperty } from 'fast-check';

/** Of each route or property; FUZZ_RUNS looks longer. */
const defaultRuns = 40;
/** The same values in every run of CI, so that no unrelated change meets a new fault; FUZZ_SEED looks elsewhere, `random` anywhere. */
const defaultSeed = 20_261_201;

const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const seed = FUZZ_SEED === 'random' ? Date.now() % 2 ** 31 : Number(FUZZ_SEED ?? defaultSeed);

/** Whether lists of hostile values are tried to their end, and not a part of them for each field. */
export const tryAll = FUZZ_RUNS !== undefined;

/**
 * Checks a property against so many values (40, or FUZZ_RUNS). A failure names the seed, the path to the value, and the smallest value that
 * was found; FUZZ_SEED repeats it.
 *
 * @param share of the usual number, for a property whose values cost more
 */
export async function runProperty<Ts>(property: IAsyncProperty<Ts>, share = 1): Promise<void> {
  const numRuns = Math.max(1, Math.round(Number(FUZZ_RUNS ?? defaultRuns) * share));
  await fc.assert(property, { seed, numRuns, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: false, includeErrorInReport: true });
}
