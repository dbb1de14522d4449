import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { AccountMails } from '../email/account-mails.ts';
import type { SecurityNotices } from '../email/security-notices.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { OneTimeTokens, SpentToken } from './one-time-tokens.ts';
import type { ProveAddress } from './prove-address.ts';
import type { ClientInfo } from './session-token.ts';
import type { StoredUser } from './stored-user.ts';
import type { UndoEmailChange } from './undo-email-change.ts';
import type { UserChanges } from './user-changes.ts';
import { findUserById } from './user-store.ts';

interface EmailVerificationDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  tokens: OneTimeTokens;
  mails: AccountMails;
  notices: SecurityNotices;
  changes: UserChanges;
  proveAddress: ProveAddress;
  undoEmailChange: UndoEmailChange;
}

export type EmailVerification = ReturnType<typeof createEmailVerification>;

const consent = z.union([
  z.object({ kind: z.literal('sign-up'), id: z.string() }),
  z.object({ kind: z.literal('contested') }),
  z.object({ kind: z.literal('account') }),
]);
// Tokens from before consents were for the account as it is.
const verification = z.object({ email: z.string(), consent: consent.default({ kind: 'account' }) });
const change = z.object({ email: z.string(), newEmail: z.string(), page: z.string().optional() });

export function createEmailVerification(deps: EmailVerificationDeps) {
  const { database, guard, tokens, mails, notices, changes, proveAddress, undoEmailChange } = deps;

  // A token is for the address that the user had when it was sent: after a change of it, older ones are worth nothing.
  async function userWithEmail(spent: SpentToken, email: string): Promise<StoredUser> {
    const user = spent.userId === null ? undefined : await findUserById(database, spent.userId);
    if (user?.email !== email) throw invalidToken();
    return user;
  }

  async function verifyAddress(spent: SpentToken): Promise<StoredUser> {
    const { email, consent: given } = verification.parse(spent.data);
    const user = await userWithEmail(spent, email);
    // Settled already: what a sign-up wanted no longer counts.
    if (user.emailVerified) return user;
    const proven = await proveAddress(user, given);
    if (!proven) throw invalidToken();
    return proven;
  }

  async function completeChange(spent: SpentToken): Promise<StoredUser> {
    const { email, newEmail, page } = change.parse(spent.data);
    const user = await userWithEmail(spent, email);
    const updated = await changes.update(user.id, { email: newEmail, emailVerified: true });
    // What was sent to the old address would reach somebody who no longer answers for the account.
    await tokens.withdrawMailed(user.id);
    notices.notifyEmailChanged(user, page === undefined ? undefined : new URL(page));
    return updated;
  }

  /** What the token, whichever of the three it is, leads to; undefined for one that is none of them. */
  async function spendAny(token: string): Promise<StoredUser | undefined> {
    const verified = await tokens.spend('verify-email', token);
    if (verified) return verifyAddress(verified);
    const changed = await tokens.spend('change-email', token);
    if (changed) return completeChange(changed);
    return undoEmailChange(token);
  }

  return {
    /** Sends the link again, where the address is a user's and not verified. Neither answer nor time tells. */
    resend(email: string, page: URL | undefined, { key }: ClientInfo): void {
      mails.sendVerification(email, page, key);
    },

    /** Sends a link to a new address, which becomes the user's once the link was followed, and a way to stop it to the present one. */
    requestChange(user: StoredUser, newEmail: string, page: URL | undefined): void {
      mails.requireConfigured();
      // First: no change without word of it.
      notices.notifyChangeRequested(user, newEmail, page);
      mails.sendEmailChange(user.id, newEmail, page);
    },

    /**
     * Verifies an address, or completes the change to a new one, with the token that was sent there. With the token that was sent to the old
     * address it stops or undoes the change.
     *
     * @throws invalid_request where the token is unknown, used or expired; conflict where the address was taken meanwhile
     */
    async verify(token: string, { key }: ClientInfo): Promise<StoredUser> {
      const user = await guard.attempt({ kind: 'token', account: null, client: key }, () => spendAny(token));
      if (!user) throw invalidToken();
      return user;
    },
  };
}

function invalidToken(): Error {
  return appErrors.invalidRequest({ field: 'token', reason: 'is not valid or has expired' });
}
