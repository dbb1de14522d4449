import { appErrors } from '../../shared/errors.ts';
import type { AccountMails } from '../email/account-mails.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { HashingGate } from './hashing-gate.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import { setPasswordHash } from './password-account.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { removeUnproven } from './remove-unproven.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import type { SignedIn } from './stored-user.ts';
import { findPasswordHash, findUserById } from './user-store.ts';

interface PasswordsDeps {
  database: AuthDatabase;
  gate: HashingGate;
  hasher: PasswordHasher;
  sessions: Sessions;
  tokens: OneTimeTokens;
  mails: AccountMails;
}

/** What a person does with their own password. */
export type Passwords = ReturnType<typeof createPasswords>;

export function createPasswords({ database, gate, hasher, sessions, tokens, mails }: PasswordsDeps) {
  async function matches(userId: string, password: string): Promise<boolean> {
    const hash = await findPasswordHash(database, userId);
    return hash !== undefined && (await gate.run(() => hasher.verify({ hash, password })));
  }

  return {
    /** @throws unauthorized where the user has a password and this is not it */
    async confirm(userId: string, password: string | undefined): Promise<'confirmed' | 'has_none'> {
      if ((await findPasswordHash(database, userId)) === undefined) return 'has_none';
      if (password === undefined) throw appErrors.invalidRequest({ field: 'password', reason: 'is required' });
      if (!(await matches(userId, password))) throw appErrors.unauthorized('invalid_credentials');
      return 'confirmed';
    },

    /** Changes the password, ends every session of the user and starts a new one, so that a stolen session ends with the old password. */
    async change(token: string, body: { currentPassword: string; newPassword: string }, client: ClientInfo): Promise<SignedIn> {
      const { user } = await sessions.read(token);
      if (!(await matches(user.id, body.currentPassword))) throw appErrors.unauthorized('invalid_credentials');
      const hash = await gate.run(() => hasher.hash(body.newPassword));
      await database.transaction().execute(async (transaction) => {
        await setPasswordHash(transaction, user.id, hash);
        await tokens.withdraw(user.id, transaction);
      });
      await sessions.endAll(user.id);
      return sessions.open(user, client);
    },

    /** Sends a link to the address where it is a user's. Returns before anything is looked up: neither answer nor time tells. */
    forgot(email: string, page: URL | undefined): void {
      mails.sendPasswordReset(email, page);
    },

    /**
     * Sets a new password with the token of such a link, once. All sessions end.
     *
     * @throws invalid_request where the token is unknown, used or expired
     */
    async reset({ token, newPassword }: { token: string; newPassword: string }): Promise<void> {
      if (!(await tokens.isValid('reset-password', token))) throw invalidToken();
      const hash = await gate.run(() => hasher.hash(newPassword));
      const userId = await database.transaction().execute(async (transaction) => {
        const spent = await tokens.spend('reset-password', token, transaction);
        const user = spent?.userId ? await findUserById(transaction, spent.userId) : undefined;
        // It was sent to the address of then, which somebody else may have by now.
        if (!user || user.email !== spent?.data['email']) throw invalidToken();
        if (!user.emailVerified) {
          // The mail proves for the first time that the address is this person's. Another may have signed up with it before.
          await removeUnproven(transaction, user.id, { keepPassword: true });
          await tokens.withdrawMailed(user.id, transaction);
          await transaction
            .updateTable('user')
            .set({ emailVerified: true, twoFactorEnabled: false, updatedAt: new Date() })
            .where('id', '=', user.id)
            .execute();
        }
        await setPasswordHash(transaction, user.id, hash);
        await tokens.withdraw(user.id, transaction);
        return user.id;
      });
      await sessions.endAll(userId);
    },
  };
}

function invalidToken(): Error {
  return appErrors.invalidRequest({ field: 'token', reason: 'is not valid or has expired' });
}
