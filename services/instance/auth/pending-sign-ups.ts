import { z } from 'zod';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { findPasswordHash } from './user-store.ts';

export interface PendingSignUp {
  id: string;
  passwordHash: string;
  name: string;
}

/**
 * What a verification mail consents to. `sign-up`: the password of that sign-up. `contested`: several sign-ups were made with the address and
 * the mail belongs to none of them, so none of their passwords counts. `account`: the account as it is.
 */
export type Consent = { kind: 'sign-up'; id: string } | { kind: 'contested' } | { kind: 'account' };

interface PendingSignUpsDeps {
  database: AuthDatabase;
  tokens: OneTimeTokens;
  hasher: PasswordHasher;
}

/**
 * Sign-ups whose address is not proven yet. Anybody can sign up with anybody's address, so the password of a sign-up is kept apart from the
 * account until the receiver of that sign-up's own mail follows its link. Neither an earlier nor a later sign-up decides the password.
 */
export type PendingSignUps = ReturnType<typeof createPendingSignUps>;

const lifetimeSeconds = 7 * 86_400;
/** Of one address. Earlier ones are kept: later strangers must not push the owner's out. */
const maxPending = 20;
const stored = z.object({ passwordHash: z.string(), name: z.string() });

/** How many hashes a sign-in that fails may cost. */
export function comparisonsOf({ emailVerificationRequired }: { emailVerificationRequired: boolean }): number {
  return emailVerificationRequired ? 2 : 1;
}

export function createPendingSignUps({ database, tokens, hasher }: PendingSignUpsDeps) {
  function pendingOf(db: AuthExecutor, userId: string) {
    return db
      .selectFrom('oneTimeToken')
      .select(['id', 'data'])
      .where('userId', '=', userId)
      .where('purpose', '=', 'sign-up')
      .where('expiresAt', '>', new Date());
  }

  return {
    /** @returns its id, or null where too many are pending: this one is not kept then */
    async add(userId: string, { passwordHash, name }: Omit<PendingSignUp, 'id'>): Promise<string | null> {
      const pending = await pendingOf(database, userId).limit(maxPending).execute();
      if (pending.length >= maxPending) return null;
      const { id } = await tokens.issue({ purpose: 'sign-up', userId, data: { passwordHash, name }, lifetimeSeconds });
      return id;
    },

    /**
     * Whether the password is that of the latest pending sign-up. Only that one: each costs a hash at a sign-in that fails otherwise. Call it
     * in a turn of the hashing gate.
     */
    async matchesLatest(userId: string, password: string): Promise<boolean> {
      const latest = await pendingOf(database, userId).orderBy('createdAt', 'desc').limit(1).executeTakeFirst();
      if (!latest) return false;
      const { passwordHash: hash } = stored.parse(latest.data);
      return hasher.verify({ hash, password });
    },

    /** What a mail consents to that no sign-up caused, such as one that was asked for again. */
    async consentOf(userId: string, db: AuthExecutor = database): Promise<Consent> {
      const pending = await pendingOf(db, userId).limit(maxPending).execute();
      const [only] = pending;
      if (only === undefined) return { kind: 'account' };
      const hasPassword = (await findPasswordHash(db, userId)) !== undefined;
      return pending.length === 1 && !hasPassword ? { kind: 'sign-up', id: only.id } : { kind: 'contested' };
    },

    async find(userId: string, id: string, db: AuthExecutor): Promise<PendingSignUp | undefined> {
      const found = await pendingOf(db, userId).where('id', '=', id).executeTakeFirst();
      return found && { id: found.id, ...stored.parse(found.data) };
    },
  };
}
