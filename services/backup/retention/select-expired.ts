import { isGood, isSound } from '../manifest.ts';
import type { Manifest } from '../manifest.ts';

/** A run as its target has it. */
export interface KeptRun {
  id: string;
  /** unfinished: it has no manifest, as it was killed, or is being removed. unreadable: it has one that this version does not understand. */
  status: 'succeeded' | 'failed' | 'unfinished' | 'unreadable';
  startedAt: Date;
  /** Null where it has none that can be read. */
  manifest: Pick<Manifest, 'databases'> | null;
}

export interface RetentionOptions {
  /** Days, in UTC, of which the newest good run is kept. */
  keepDays: number;
  now: Date;
}

/** Whatever it is, an operator may still be at work with it. */
const untouchedMs = 24 * 3_600_000;

/**
 * The runs that have had their time. Of each of the newest `keepDays` days on which there was a sound run, the newest whole one stays, or else the newest sound
 * one; so does everything of the last 24 hours, and of what else has the newest good dump of a database the newest `keepDays`. A run that failed or was cut
 * short stays while no newer run is sound, and one that can't be read for good. Without a sound run nothing goes.
 */
export function selectExpired<Run extends KeptRun>(runs: readonly Run[], { keepDays, now }: RetentionOptions): Run[] {
  const newestFirst = runs.toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime());
  const sound = newestFirst.filter(({ manifest }) => manifest !== null && isSound(manifest));
  const [newestSound] = sound;
  if (newestSound === undefined) return [];
  const days = Map.groupBy(sound, ({ startedAt }) => startedAt.toISOString().slice(0, 10));
  const ofDays = [...days.values()].slice(0, keepDays).map((ofDay) => ofDay.find(({ status }) => status === 'succeeded') ?? ofDay[0]);
  const kept = new Set([newestSound, ...ofDays]);
  // Bounded: owners who let their databases fail, each from another day on, would otherwise fill the target.
  const holders = holdersOf(newestFirst, newestSound).filter((run) => !kept.has(run));
  for (const run of holders.slice(0, keepDays)) kept.add(run);
  return newestFirst.filter(
    (run) =>
      !kept.has(run) &&
      run.status !== 'unreadable' &&
      run.startedAt < newestSound.startedAt &&
      now.getTime() - run.startedAt.getTime() > untouchedMs,
  );
}

/** Runs, newest first, that have the newest good dump of a database which exists. */
function holdersOf<Run extends KeptRun>(newestFirst: readonly Run[], newestSound: Run): Run[] {
  const wanted = new Set(newestSound.manifest?.databases.map(({ name }) => name));
  return newestFirst.filter(({ manifest }) => {
    const found = manifest?.databases.filter(isGood).filter(({ name }) => wanted.delete(name)) ?? [];
    return found.length > 0;
  });
}
