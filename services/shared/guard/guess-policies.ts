import { z } from 'zod';

/** How guesses that fail are counted in one place, and what they cost. Times in milliseconds. */
export interface BucketPolicy {
  /** Failures without a pause. */
  free: number;
  /** The pause after the last free failure; each further one doubles it. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** A failure is forgotten after this time, so this is also how often an attacker who never stops may guess. */
  leakMs: number;
}

/** `password`: of an account. `code`: six digits, or a backup code. `token`: what was sent or handed out once, and can't be guessed. */
export type GuessKind = 'password' | 'code' | 'token';

/** Where failures are counted: by account and client together, by account wherever they come from, by client whatever the account. */
export type BucketName = 'account_client' | 'account' | 'client';

export type GuessPolicies = Readonly<Record<GuessKind, Readonly<Record<BucketName, BucketPolicy>>>>;

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/** Settings of every service with a guard. */
export const guardConfig = {
  /** Wrong passwords for one account from one client before the first pause. */
  GUARD_PASSWORD_TRIES: z.coerce.number().int().min(1).max(100).default(5),
  /** The same from all clients together. Above it, only clients that have signed in to the account before are not paused. */
  GUARD_ACCOUNT_TRIES: z.coerce.number().int().min(1).max(10_000).default(30),
  /** Failures from one client for all accounts together. */
  GUARD_CLIENT_TRIES: z.coerce.number().int().min(1).max(100_000).default(50),
  /** Wrong codes of a second factor for one account from one client. */
  GUARD_CODE_TRIES: z.coerce.number().int().min(1).max(100).default(10),
  /** Made-up one-time tokens from one client. */
  GUARD_TOKEN_TRIES: z.coerce.number().int().min(1).max(10_000).default(30),
  /** The longest pause for one account from one client. Pauses across clients or accounts are at most 2 minutes. */
  GUARD_LONGEST_PAUSE_SECONDS: z.coerce.number().int().min(60).max(86_400).default(900),
};

export type GuardSettings = { readonly [K in keyof typeof guardConfig]: number };

/** The defaults of {@link guardConfig}. */
export const defaultGuardSettings: GuardSettings = z.object(guardConfig).parse({});

export function guessPolicies(settings: GuardSettings = defaultGuardSettings): GuessPolicies {
  const longestPauseMs = settings.GUARD_LONGEST_PAUSE_SECONDS * second;
  const client = { firstPauseMs: second, longestPauseMs: 2 * minute, leakMs: minute / 2 };
  return {
    password: {
      account_client: { free: settings.GUARD_PASSWORD_TRIES, firstPauseMs: second, longestPauseMs, leakMs: longestPauseMs },
      account: { free: settings.GUARD_ACCOUNT_TRIES, firstPauseMs: second, longestPauseMs: 2 * minute, leakMs: 2 * minute },
      client: { ...client, free: settings.GUARD_CLIENT_TRIES },
    },
    // A code has six digits, three of which are right at a time: 4 guesses an hour from one client, and from all clients.
    code: {
      account_client: {
        free: settings.GUARD_CODE_TRIES,
        firstPauseMs: longestPauseMs,
        longestPauseMs: Math.max(hour, longestPauseMs),
        leakMs: longestPauseMs,
      },
      account: { free: settings.GUARD_ACCOUNT_TRIES, firstPauseMs: minute, longestPauseMs, leakMs: longestPauseMs },
      client: { ...client, free: settings.GUARD_CLIENT_TRIES },
    },
    // 256 random bits: the pause only spares the database.
    token: {
      account_client: { ...client, free: settings.GUARD_TOKEN_TRIES },
      account: { ...client, free: settings.GUARD_TOKEN_TRIES },
      client: { ...client, free: settings.GUARD_TOKEN_TRIES },
    },
  };
}
