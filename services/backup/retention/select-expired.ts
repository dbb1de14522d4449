/** A run as its target has it. */
export interface KeptRun {
  id: string;
  /** unfinished: it has no manifest, as it was killed, or is being removed. unreadable: it has one that this version does not understand. */
  status: 'succeeded' | 'failed' | 'unfinished' | 'unreadable';
  startedAt: Date;
}

export interface RetentionOptions {
  /** Days, in UTC, of which the newest good run is kept. */
  keepDays: number;
  now: Date;
}

/** Whatever it is, an operator may still be at work with it. */
const untouchedMs = 24 * 3_600_000;

/**
 * The runs that have had their time. Of each of the newest `keepDays` days on which there was a good run, the newest good one stays, and so does
 * everything of the last 24 hours. A run that failed or was cut short stays while no newer run is good, and one that can't be read for good. Without a good run nothing goes.
 */
export function selectExpired<Run extends KeptRun>(runs: readonly Run[], { keepDays, now }: RetentionOptions): Run[] {
  const newestFirst = runs.toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime());
  const good = newestFirst.filter(({ status }) => status === 'succeeded');
  const [newestGood] = good;
  if (newestGood === undefined) return [];
  const days = Map.groupBy(good, ({ startedAt }) => startedAt.toISOString().slice(0, 10));
  const kept = new Set([...days.values()].slice(0, keepDays).map(([newest]) => newest));
  return newestFirst.filter(
    (run) =>
      !kept.has(run) &&
      run.status !== 'unreadable' &&
      run.startedAt < newestGood.startedAt &&
      now.getTime() - run.startedAt.getTime() > untouchedMs,
  );
}
