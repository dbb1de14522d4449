import { seededRandom, shuffled } from '../seeded-random.ts';

/** Commands that change the platform. */
export const victimNames = ['up', 'down', 'backup', 'restore'] as const;
export type VictimName = (typeof victimNames)[number];

/**
 * What happens to the command: `kill` ends it alone, `kill-all` its engine too, at once; `interrupt` is Ctrl-C, which a terminal sends to the whole process group; `close-output` is the end of whoever
 * reads its output.
 */
export const strikeNames = ['kill', 'kill-all', 'interrupt', 'interrupt-twice', 'close-output'] as const;
export type StrikeName = (typeof strikeNames)[number];

export interface PlannedStrike {
  /** From 1; the same number of the same seed is always the same. */
  number: number;
  victim: VictimName;
  strike: StrikeName;
  /** From the start of the command until the strike. */
  delayMs: number;
}

/** A little less than an undisturbed command takes on two cores, so that the strike meets it, early or late. The first second is Node's own start. */
const spansMs: Record<VictimName, number> = { up: 9_000, down: 8_000, backup: 6_000, restore: 20_000 };
const earliestMs = 700;

/** Every strike for every command, each combination `runs` times. */
export function planStrikes({ seed, runs }: { seed: number; runs: number }): PlannedStrike[] {
  return Array.from({ length: runs }, (_, run) =>
    shuffled(
      victimNames.flatMap((victim) => strikeNames.map((strike) => ({ victim, strike }))),
      seededRandom(seed, 'strikes', run),
    ),
  )
    .flat()
    .map((planned, index) => withDelay(planned, seed, index + 1));
}

/** Every command once, each struck in another way; `up` is killed with its engine, which is the hardest to recover from. */
export function planEachVictimOnce(seed: number): PlannedStrike[] {
  const others = shuffled(
    strikeNames.filter((strike) => strike !== 'kill-all'),
    seededRandom(seed, 'victims once'),
  );
  const planned = victimNames.map((victim, index) => ({ victim, strike: victim === 'up' ? 'kill-all' : (others[index] as StrikeName) }));
  return planned.map((strike, index) => withDelay(strike, seed, index + 1));
}

function withDelay({ victim, strike }: { victim: VictimName; strike: StrikeName }, seed: number, number: number): PlannedStrike {
  const share = seededRandom(seed, 'moment', number, victim, strike)();
  return { number, victim, strike, delayMs: earliestMs + Math.floor(share * (spansMs[victim] - earliestMs)) };
}
