import { appErrors } from '../../shared/errors.ts';
import { z } from 'zod';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { AccountMails } from '../email/account-mails.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { OneTimeTokens, SpentToken } from './one-time-tokens.ts';
import type { ClientInfo } from './session-token.ts';
import type { StoredUser } from './stored-user.ts';
import type { UserChanges } from './user-changes.ts';
import { findUserById } from './user-store.ts';

interface EmailVerificationDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  tokens: OneTimeTokens;
  mails: AccountMails;
  changes: UserChanges;
}

export type EmailVerification = ReturnType<typeof createEmailVerification>;

const verification = z.object({ email: z.string() });
const change = z.object({ email: z.string(), newEmail: z.string() });

export function createEmailVerification({ database, guard, tokens, mails, changes }: EmailVerificationDeps) {
  // A token is for the address that the user had when it was sent: after a change of it, older ones are worth nothing.
  async function userWithEmail(spent: SpentToken, email: string): Promise<StoredUser> {
    const user = spent.userId === null ? undefined : await findUserById(database, spent.userId);
    if (user?.email !== email) throw invalidToken();
    return user;
  }

  async function spendEither(token: string, client: string | null): Promise<{ verified?: SpentToken; changed?: SpentToken }> {
    const spent = await guard.attempt({ kind: 'token', account: null, client }, async () => {
      const verified = await tokens.spend('verify-email', token);
      if (verified) return { verified };
      const changed = await tokens.spend('change-email', token);
      return changed ? { changed } : undefined;
    });
    return spent ?? {};
  }

  return {
    /** Sends the link again, where the address is a user's and not verified. Neither answer nor time tells. */
    resend(email: string, page: URL | undefined): void {
      mails.sendVerification(email, page, { onSignUp: false });
    },

    /** Sends a link to a new address, which becomes the user's once the link was followed. */
    requestChange(user: StoredUser, newEmail: string, page: URL | undefined): void {
      mails.sendEmailChange(user.id, newEmail, page);
    },

    /**
     * Verifies an address, or completes the change to a new one, with the token that was sent there.
     *
     * @throws invalid_request where the token is unknown, used or expired; conflict where the new address was taken meanwhile
     */
    async verify(token: string, { key }: ClientInfo): Promise<StoredUser> {
      const { verified, changed } = await spendEither(token, key);
      if (verified) {
        const user = await userWithEmail(verified, verification.parse(verified.data).email);
        return changes.update(user.id, { emailVerified: true });
      }
      if (!changed) throw invalidToken();
      const { email, newEmail } = change.parse(changed.data);
      const user = await userWithEmail(changed, email);
      const updated = await changes.update(user.id, { email: newEmail, emailVerified: true });
      mails.notifyEmailChanged(email);
      return updated;
    },
  };
}

function invalidToken(): Error {
  return appErrors.invalidRequest({ field: 'token', reason: 'is not valid or has expired' });
}
