export interface Backoff {
  /** Failures so far, the one just seen included: 1 for the first. */
  attempt: number;
  baseMs: number;
  maxMs?: number;
  /** Source of the jitter, 0 (inclusive) to 1 (exclusive); injectable so that tests know the answer. */
  random?: () => number;
}

/**
 * Milliseconds to wait before the next attempt: base × 2^(attempt − 1), of which the upper half is random. Half is kept fixed so that a
 * retry never comes at once; the random half spreads the retries of many jobs that one outage has failed together.
 */
export function backoffMs({ attempt, baseMs, maxMs = 60_000, random = Math.random }: Backoff): number {
  const whole = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random());
}
