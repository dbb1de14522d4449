import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';

export type TokenPurpose = 'reset-password' | 'verify-email' | 'change-email' | 'totp-challenge' | 'social-state';

export interface NewToken {
  purpose: TokenPurpose;
  /** Whose token it is; it is deleted with them. */
  userId: string | null;
  data?: Record<string, unknown>;
  lifetimeSeconds: number;
}

export interface SpentToken {
  userId: string | null;
  data: Record<string, unknown>;
}

/** Tokens for one use: in e-mails, as a challenge, as a state. Only their hashes are stored. */
export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>;

const tokenBytes = 32;
/** 32 bytes in base64url. Anything else can't be a token. */
export const oneTimeTokenForm = /^[A-Za-z0-9_-]{43}$/;
const takeoverPurposes: TokenPurpose[] = ['reset-password', 'change-email', 'totp-challenge'];
const cleaningIntervalMs = 60_000;

export function createOneTimeTokens(database: AuthDatabase) {
  let nextCleaningAt = 0;

  async function removeExpired(): Promise<void> {
    if (Date.now() < nextCleaningAt) return;
    nextCleaningAt = Date.now() + cleaningIntervalMs;
    await database.deleteFrom('oneTimeToken').where('expiresAt', '<', new Date()).execute();
  }

  return {
    async issue({ purpose, userId, data = {}, lifetimeSeconds }: NewToken): Promise<{ token: string; expiresAt: Date }> {
      await removeExpired();
      const token = randomBytes(tokenBytes).toString('base64url');
      const expiresAt = new Date(Date.now() + lifetimeSeconds * 1_000);
      await database
        .insertInto('oneTimeToken')
        .values({
          id: newId('ott'),
          purpose,
          tokenHash: hashToken(token),
          userId,
          data: JSON.stringify(data),
          attempts: 0,
          createdAt: new Date(),
          expiresAt,
        })
        .execute();
      return { token, expiresAt };
    },

    /**
     * Takes a token out of use: of two callers at once one gets it. What it was mailed for is done then, so the user's other mails for it are
     * void too; challenges are each of a device of its own.
     *
     * @returns null where it is unknown, used or expired
     */
    async spend(purpose: TokenPurpose, token: string, executor: AuthExecutor = database): Promise<SpentToken | null> {
      if (!oneTimeTokenForm.test(token)) return null;
      const spent = await executor
        .deleteFrom('oneTimeToken')
        .where('tokenHash', '=', hashToken(token))
        .where('purpose', '=', purpose)
        .returning(['userId', 'data', 'expiresAt'])
        .executeTakeFirst();
      if (!spent || spent.expiresAt.getTime() <= Date.now()) return null;
      if (spent.userId !== null && purpose !== 'totp-challenge') {
        await executor.deleteFrom('oneTimeToken').where('userId', '=', spent.userId).where('purpose', '=', purpose).execute();
      }
      return { userId: spent.userId, data: spent.data ?? {} };
    },

    /** Whether the token could be spent now: to be asked before work that a made-up one must not cause. */
    async isValid(purpose: TokenPurpose, token: string): Promise<boolean> {
      if (!oneTimeTokenForm.test(token)) return false;
      const found = await database
        .selectFrom('oneTimeToken')
        .select('id')
        .where('tokenHash', '=', hashToken(token))
        .where('purpose', '=', purpose)
        .where('expiresAt', '>', new Date())
        .executeTakeFirst();
      return found !== undefined;
    },

    /** Voids what could still be done in the name of a user with a password that is no longer theirs. */
    async withdraw(userId: string, executor: AuthExecutor = database): Promise<void> {
      await executor.deleteFrom('oneTimeToken').where('userId', '=', userId).where('purpose', 'in', takeoverPurposes).execute();
    },

    /**
     * Counts one attempt, before it is made, so that many at once can't get past the limit.
     *
     * @returns the token's user, or null where it is unknown, expired or has been tried too often
     */
    async countAttempt(purpose: TokenPurpose, token: string, maxAttempts: number): Promise<string | null> {
      if (!oneTimeTokenForm.test(token)) return null;
      const counted = await database
        .updateTable('oneTimeToken')
        .set({ attempts: sql<number>`attempts + 1` })
        .where('tokenHash', '=', hashToken(token))
        .where('purpose', '=', purpose)
        .where('expiresAt', '>', new Date())
        .where('attempts', '<', maxAttempts)
        .returning('userId')
        .executeTakeFirst();
      return counted?.userId ?? null;
    },
  };
}

/** A fast hash is enough: the token has 256 random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
