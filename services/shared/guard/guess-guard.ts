import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { appErrors } from '../errors.ts';
import { guessPolicies } from './guess-policies.ts';
import type { BucketName, GuessKind, GuessPolicies } from './guess-policies.ts';
import type { Admitted, Buckets, GuessStore } from './guess-store.ts';

export interface Guess {
  kind: GuessKind;
  /** Whose secret is guessed: an address as it was given, whether or not it is an account's, or a user's id. Null where only the secret says whose it is. */
  account: string | null;
  /** Where the guess comes from ({@link clientKey}). Null where that is not known, as with a customer's server. */
  client: string | null;
}

/** How a guess ended; `refused` ones were not compared. */
export type GuessEnd = 'right' | 'wrong' | 'refused';

export interface GuessGuard {
  /**
   * Compares a guess, which is counted as a failure before that, so that many at once can't get past the limits.
   *
   * @param compare answers undefined for a wrong guess; where it rejects, nothing is counted
   * @throws AppError rate_limit_exceeded during a pause, for a right guess as well
   */
  attempt<T>(guess: Guess, compare: () => Promise<T | undefined>): Promise<T | undefined>;
  /** Forgets the failures of this client with this account, and knows the client from now on: its person has proven otherwise who they are. */
  trust(guess: Guess): Promise<void>;
}

export interface GuessGuardOptions {
  store: GuessStore;
  /** Names in the store can't be read without it. */
  secret: string;
  policies?: GuessPolicies;
  onEnd?: (kind: GuessKind, end: GuessEnd, by: BucketName | 'none') => void;
  now?: () => number;
  delay?: (ms: number) => Promise<unknown>;
}

/** A guess that only waits for others under way looks again after this time, and gives up after the second. A comparison takes up to 2 s. */
const settlingStepMs = 100;
const settlingLimitMs = 8_000;
/** More than these at once would be a queue of its own. */
const maxSettling = 200;

/** One guard for everything that can be guessed: passwords, codes, tokens. docs/customer-api.md has its rules. */
export function createGuessGuard(options: GuessGuardOptions): GuessGuard {
  const { store, secret, policies = guessPolicies(), onEnd = () => undefined, now = Date.now, delay = wait } = options;
  let settling = 0;

  async function reserve(kind: GuessKind, buckets: Buckets): Promise<Admitted> {
    const startedAt = now();
    for (;;) {
      const reservation = await store.reserve(buckets, now());
      if (reservation.admitted) return reservation;
      if (!reservation.settling || settling >= maxSettling || now() - startedAt >= settlingLimitMs) {
        onEnd(kind, 'refused', reservation.by);
        throw appErrors.rateLimited(reservation.waitMs / 1_000);
      }
      settling += 1;
      await delay(settlingStepMs).finally(() => (settling -= 1));
    }
  }

  function bucketsOf({ kind, account, client }: Guess): Buckets {
    const digest = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url').slice(0, 32);
    const who = account === null ? null : digest(`account ${account.trim().toLowerCase()}`);
    const from = client === null ? null : digest(`client ${client}`);
    const both = who === null || from === null ? null : `${who}:${from}`;
    const bucket = (name: BucketName, id: string | null) =>
      id === null ? [] : [{ name, key: `guard:${kind}:${name}:${id}`, policy: policies[kind][name] }];
    return {
      all: [...bucket('account_client', both), ...bucket('account', who), ...bucket('client', from)],
      knownKey: both === null ? null : `guard:${kind}:known:${both}`,
    };
  }

  return {
    async attempt(guess, compare) {
      const buckets = bucketsOf(guess);
      if (buckets.all.length === 0) return compare();
      const reservation = await reserve(guess.kind, buckets);
      try {
        const result = await compare();
        const end = result === undefined ? 'wrong' : 'right';
        await store.settle(buckets, reservation, end, now());
        onEnd(guess.kind, end, 'none');
        return result;
      } catch (err) {
        await store.settle(buckets, reservation, 'void', now());
        throw err;
      }
    },

    async trust(guess) {
      const buckets = bucketsOf(guess);
      const own = { ...buckets, all: buckets.all.filter(({ name }) => name === 'account_client') };
      if (own.all.length > 0) await store.settle(own, { admitted: true, at: now(), pausedUntil: [] }, 'right', now());
    },
  };
}
