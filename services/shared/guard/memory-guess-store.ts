import { knownForMs, maxComparisonMs, maxDoublings } from './guess-store.ts';
import type { Admitted, Bucket, Buckets, GuessStore, Outcome, Refused } from './guess-store.ts';

interface State {
  failures: number;
  pending: number;
  pausedUntil: number;
  /** Up to when leaked failures have been taken off. */
  leakedAt: number;
}

/** About 20 MB at the most. The bucket that was used least recently is forgotten first. */
const defaultMaxEntries = 50_000;

/** Keeps buckets in this process: for a single process, and while Redis is away. Equal in effect to redis-guess-store.ts. */
export function createMemoryGuessStore({ maxEntries = defaultMaxEntries }: { maxEntries?: number } = {}): GuessStore {
  const states = new Map<string, State>();
  const known = new Map<string, number>();

  function read({ key, policy: { leakMs } }: Bucket, now: number): State {
    const state = states.get(key) ?? { failures: 0, pending: 0, pausedUntil: 0, leakedAt: now };
    const leaked = Math.max(0, Math.floor((now - state.leakedAt) / leakMs));
    return { ...state, failures: Math.max(0, state.failures - leaked), leakedAt: state.leakedAt + leaked * leakMs };
  }

  return {
    reserve({ all, knownKey }, now) {
      const isKnown = knownKey !== null && (known.get(knownKey) ?? 0) > now;
      const found = all.map((bucket) => ({ bucket, state: read(bucket, now) }));
      const blocking = found.filter(({ bucket, state }) => state.pausedUntil > now && !(isKnown && bucket.name !== 'account_client'));
      if (blocking.length > 0) return Promise.resolve(refuse(blocking, now));
      const pausedUntil = found.map(({ bucket, state }) => {
        const counted = count(bucket, state, now);
        remember(states, bucket.key, counted, maxEntries);
        return counted.pausedUntil;
      });
      return Promise.resolve<Admitted>({ admitted: true, at: now, pausedUntil });
    },

    settle({ all, knownKey }: Buckets, { at, pausedUntil }: Admitted, outcome: Outcome, now: number) {
      for (const [index, { key, name }] of all.entries()) {
        const state = states.get(key);
        if (!state) continue;
        if (outcome === 'right' && name === 'account_client') {
          states.delete(key);
          continue;
        }
        // A later failure may have set another pause.
        const isOwnPause = state.pausedUntil > 0 && state.pausedUntil === pausedUntil[index];
        state.pending = Math.max(0, state.pending - 1);
        if (outcome !== 'wrong') state.failures = Math.max(0, state.failures - 1);
        if (isOwnPause) state.pausedUntil = outcome === 'wrong' ? state.pausedUntil - maxComparisonMs - at + now : 0;
      }
      if (outcome === 'right' && knownKey !== null) remember(known, knownKey, now + knownForMs, maxEntries);
      return Promise.resolve();
    },
  };
}

function refuse(blocking: { bucket: Bucket; state: State }[], now: number): Refused {
  const [longest = blocking[0]] = blocking.toSorted((a, b) => b.state.pausedUntil - a.state.pausedUntil);
  return {
    admitted: false,
    waitMs: (longest?.state.pausedUntil ?? now) - now,
    settling: blocking.every(({ bucket, state }) => state.failures - state.pending < bucket.policy.free),
    by: longest?.bucket.name ?? 'client',
  };
}

function count({ policy }: Bucket, state: State, now: number): State {
  const failures = state.failures + 1;
  const doublings = failures - policy.free;
  const pauseMs = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** Math.min(doublings, maxDoublings));
  return { ...state, failures, pending: state.pending + 1, pausedUntil: doublings >= 0 ? now + pauseMs + maxComparisonMs : 0 };
}

function remember<V>(map: Map<string, V>, key: string, value: V, maxEntries: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > maxEntries && oldest !== undefined) map.delete(oldest);
}
