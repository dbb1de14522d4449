import type { BucketName, BucketPolicy } from './guess-policies.ts';

export interface Bucket {
  name: BucketName;
  key: string;
  policy: BucketPolicy;
}

/** Where one guess is counted. */
export interface Buckets {
  /** At least one. */
  all: readonly Bucket[];
  /** Exists where this client has signed in to the account; such a client is paused by `account_client` alone. Null: no such client. */
  knownKey: string | null;
}

/**
 * A guess that was counted as a failure in advance. `pausedUntil` is what each bucket was set to: its pause, and the time that the comparison
 * may take, so that the pause does not end before it has begun.
 */
export interface Admitted {
  admitted: true;
  at: number;
  pausedUntil: readonly number[];
}

export interface Refused {
  admitted: false;
  waitMs: number;
  /** Only guesses under way fill the buckets: they may still turn out right. */
  settling: boolean;
  by: BucketName;
}

/** `void`: nothing was compared after all, as when the database is away. */
export type Outcome = 'right' | 'wrong' | 'void';

/** Keeps the buckets of a guard. Times are milliseconds since the epoch. */
export interface GuessStore {
  /** Counts the guess in every bucket, or, where one of them pauses, in none. One atomic step. */
  reserve(buckets: Buckets, now: number): Promise<Admitted | Refused>;
  /** Takes the guess back unless it was wrong; a right one empties `account_client` and makes the client a known one. */
  settle(buckets: Buckets, reservation: Admitted, outcome: Outcome, now: number): Promise<void>;
}

/** A client that has signed in is known for this long after its newest sign-in. */
export const knownForMs = 30 * 86_400_000;

/** What a comparison may take at the most, its time in the queue included: the proxy gives up before. */
export const maxComparisonMs = 30_000;

/** Doublings beyond this one would only overflow. */
export const maxDoublings = 30;
