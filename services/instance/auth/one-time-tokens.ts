import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';

export type TokenPurpose =
  | 'reset-password'
  | 'verify-email'
  | 'change-email'
  | 'undo-email-change'
  | 'totp-challenge'
  | 'social-state'
  /** A sign-up whose address is not proven yet (pending-sign-ups.ts); its token is given to nobody. */
  | 'sign-up';

export interface NewToken {
  purpose: TokenPurpose;
  /** Whose token it is; it is deleted with them. */
  userId: string | null;
  data?: Record<string, unknown>;
  lifetimeSeconds: number;
}

export interface SpentToken {
  userId: string | null;
  createdAt: Date;
  data: Record<string, unknown>;
}

/** Tokens for one use: in e-mails, as a challenge, as a state. Only their hashes are stored. */
export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>;

const tokenBytes = 32;
/** 32 bytes in base64url. Anything else can't be a token. */
export const oneTimeTokenForm = /^[A-Za-z0-9_-]{43}$/;
/** Not the way back from a change of address: a thief who changes the password must not void it. */
const takeoverPurposes: TokenPurpose[] = ['reset-password', 'change-email', 'totp-challenge'];
/** Each of these stands alone: using one leaves the user's others of the kind. */
const independentPurposes: readonly TokenPurpose[] = ['totp-challenge', 'undo-email-change'];

export function createOneTimeTokens(database: AuthDatabase) {
  return {
    /** Expired ones are removed by maintenance/prune.ts. */
    async issue(
      { purpose, userId, data = {}, lifetimeSeconds }: NewToken,
      executor: AuthExecutor = database,
    ): Promise<{ id: string; token: string; expiresAt: Date }> {
      const id = newId('ott');
      const token = randomBytes(tokenBytes).toString('base64url');
      const expiresAt = new Date(Date.now() + lifetimeSeconds * 1_000);
      await executor
        .insertInto('oneTimeToken')
        .values({
          id,
          purpose,
          tokenHash: hashToken(token),
          userId,
          data: JSON.stringify(data),
          attempts: 0,
          createdAt: new Date(),
          expiresAt,
        })
        .execute();
      return { id, token, expiresAt };
    },

    /**
     * Takes a token out of use: of two callers at once one gets it. What it was mailed for is done then, so the user's other mails for it are
     * void too, except for independent purposes: a challenge belongs to one device.
     *
     * @returns null where it is unknown, used or expired
     */
    async spend(purpose: TokenPurpose, token: string, executor: AuthExecutor = database): Promise<SpentToken | null> {
      if (!oneTimeTokenForm.test(token)) return null;
      const spent = await executor
        .deleteFrom('oneTimeToken')
        .where('tokenHash', '=', hashToken(token))
        .where('purpose', '=', purpose)
        .returning(['userId', 'data', 'createdAt', 'expiresAt'])
        .executeTakeFirst();
      if (!spent || spent.expiresAt.getTime() <= Date.now()) return null;
      if (spent.userId !== null && !independentPurposes.includes(purpose)) {
        await executor.deleteFrom('oneTimeToken').where('userId', '=', spent.userId).where('purpose', '=', purpose).execute();
      }
      return { userId: spent.userId, data: spent.data ?? {}, createdAt: spent.createdAt };
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

    /** Voids all that was sent to an address which is no longer the user's, or whose proof is settled. Challenges stay. */
    async withdrawMailed(userId: string, executor: AuthExecutor = database): Promise<void> {
      const mailed: TokenPurpose[] = ['reset-password', 'verify-email', 'change-email', 'sign-up'];
      await executor.deleteFrom('oneTimeToken').where('userId', '=', userId).where('purpose', 'in', mailed).execute();
    },

    /** As withdrawMailed, and the ways back from changes of the address too: the backend has decided which address it is. */
    async withdrawAddress(userId: string, executor: AuthExecutor = database): Promise<void> {
      await this.withdrawMailed(userId, executor);
      await executor.deleteFrom('oneTimeToken').where('userId', '=', userId).where('purpose', '=', 'undo-email-change').execute();
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
