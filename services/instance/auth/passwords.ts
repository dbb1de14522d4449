import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import type { AccountMails } from '../email/account-mails.ts';
import type { AuthDatabase } from './auth-database.ts';
import { holdUser } from './hold-user.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import { replacePasswordHash, setPasswordHash } from './password-account.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { removeUnproven } from './remove-unproven.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import type { SignedIn, StoredUser } from './stored-user.ts';
import { findPasswordHash, findUserById } from './user-store.ts';

interface PasswordsDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  gate: HashingGate;
  hasher: PasswordHasher;
  sessions: Sessions;
  tokens: OneTimeTokens;
  mails: AccountMails;
}

/** What a person does with their own password. */
export type Passwords = ReturnType<typeof createPasswords>;

export function createPasswords({ database, guard, gate, hasher, sessions, tokens, mails }: PasswordsDeps) {
  /**
   * @returns the hash that the password matches
   * @throws unauthorized where it is not the user's password, rate_limit_exceeded after too many that were not
   */
  async function requireMatch({ id, email }: StoredUser, password: string, { key }: ClientInfo): Promise<string> {
    // Without a password nothing was guessed.
    if (password === '') throw appErrors.unauthorized('invalid_credentials');
    const matching = await guard.attempt({ kind: 'password', account: email, client: key }, async () => {
      const hash = await findPasswordHash(database, id);
      return hash !== undefined && (await gate.run(key ?? email, () => hasher.verify({ hash, password }))) ? hash : undefined;
    });
    if (matching === undefined) throw appErrors.unauthorized('invalid_credentials');
    return matching;
  }

  return {
    /** @throws unauthorized where the user has a password and this is not it */
    async confirm(user: StoredUser, password: string | undefined, client: ClientInfo): Promise<'confirmed' | 'has_none'> {
      if ((await findPasswordHash(database, user.id)) === undefined) return 'has_none';
      if (password === undefined) throw appErrors.invalidRequest({ field: 'password', reason: 'is required' });
      await requireMatch(user, password, client);
      return 'confirmed';
    },

    /**
     * Changes the password, ends every session of the user and starts a new one, so that a stolen session ends with the old password.
     *
     * @throws unauthorized for a wrong password, and where the password was set anew or the session ended meanwhile: the owner may have done it
     */
    async change(token: string, body: { currentPassword: string; newPassword: string }, client: ClientInfo): Promise<SignedIn> {
      const { user, session } = await sessions.read(token);
      const oldHash = await requireMatch(user, body.currentPassword, client);
      const hash = await gate.run(client.key ?? user.email, () => hasher.hash(body.newPassword));
      await database.transaction().execute(async (transaction) => {
        if (!(await replacePasswordHash(transaction, user.id, { oldHash, hash }))) throw appErrors.unauthorized('invalid_credentials');
        const held = await transaction.selectFrom('session').select('id').where('id', '=', session.id).forKeyShare().executeTakeFirst();
        if (!held) throw appErrors.unauthorized('invalid_session');
        await tokens.withdraw(user.id, transaction);
      });
      await sessions.endAll(user.id);
      return database.transaction().execute(async (transaction) => {
        const present = await holdUser(transaction, user.id, hash);
        if (!present) throw appErrors.unauthorized('invalid_credentials');
        return sessions.open(present, client, transaction);
      });
    },

    /** Sends a link to the address where it is a user's. Returns before anything is looked up: neither answer nor time tells. */
    forgot(email: string, page: URL | undefined, { key }: ClientInfo): void {
      mails.sendPasswordReset(email, page, key);
    },

    /**
     * Sets a new password with the token of such a link, once. All sessions end.
     *
     * @throws invalid_request where the token is unknown, used or expired
     */
    async reset({ token, newPassword }: { token: string; newPassword: string }, { key }: ClientInfo): Promise<void> {
      const isValid = await guard.attempt(
        { kind: 'token', account: null, client: key },
        async () => (await tokens.isValid('reset-password', token)) || undefined,
      );
      if (!isValid) throw invalidToken();
      const hash = await gate.run(key ?? token, () => hasher.hash(newPassword));
      const owner = await database.transaction().execute(async (transaction) => {
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
        return user;
      });
      await sessions.endAll(owner.id);
      // Most people reset a password after they have tried some.
      await guard.trust({ kind: 'password', account: owner.email, client: key });
    },
  };
}

function invalidToken(): Error {
  return appErrors.invalidRequest({ field: 'token', reason: 'is not valid or has expired' });
}
