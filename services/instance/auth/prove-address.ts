import type { AuthDatabase, AuthExecutor } from './auth-database.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import { setPasswordHash } from './password-account.ts';
import type { Consent, PendingSignUps } from './pending-sign-ups.ts';
import { removeUnproven } from './remove-unproven.ts';
import type { Sessions } from './sessions.ts';
import type { StoredUser } from './stored-user.ts';
import type { UserChange, UserChanges } from './user-changes.ts';
import { userColumns } from './user-store.ts';

interface ProveAddressDeps {
  database: AuthDatabase;
  tokens: OneTimeTokens;
  pendingSignUps: PendingSignUps;
  changes: UserChanges;
  sessions: Sessions;
}

/**
 * Settles whose an unverified account is, now that its address was proven.
 *
 * A consent to one sign-up makes that sign-up's password the account's. Where the proof is another person's than the account (`contested`, or
 * a provider's), nothing stays that could sign in. A consent to the account keeps it as it is.
 */
export type ProveAddress = (user: StoredUser, consent: Consent) => Promise<StoredUser | undefined>;

/** @returns a function that answers undefined where the sign-up that was consented to is gone: nothing is changed then */
export function createProveAddress({ database, tokens, pendingSignUps, changes, sessions }: ProveAddressDeps): ProveAddress {
  /** @returns what changes of the user besides the proof, or null where the sign-up is gone */
  async function settle(transaction: AuthExecutor, id: string, consent: Consent): Promise<UserChange | null> {
    if (consent.kind === 'account') return {};
    const signUp = consent.kind === 'sign-up' ? await pendingSignUps.find(id, consent.id, transaction) : undefined;
    if (consent.kind === 'sign-up' && !signUp) return null;
    await removeUnproven(transaction, id, { keepPassword: signUp !== undefined });
    if (!signUp) return { twoFactorEnabled: false };
    await setPasswordHash(transaction, id, signUp.passwordHash);
    return { twoFactorEnabled: false, name: signUp.name };
  }

  return async ({ id }, consent) => {
    let endsSessions = consent.kind !== 'account';
    const proven = await database.transaction().execute(async (transaction) => {
      // One proof at a time: the first one counts.
      const user = await transaction.selectFrom('user').select(userColumns).where('id', '=', id).forUpdate().executeTakeFirst();
      if (user?.emailVerified === true) {
        endsSessions = false;
        return user;
      }
      const change = await settle(transaction, id, consent);
      if (!change) return undefined;
      await tokens.withdrawMailed(id, transaction);
      await tokens.withdraw(id, transaction);
      return changes.update(id, { ...change, emailVerified: true }, transaction);
    });
    if (proven && endsSessions) await sessions.endAll(id);
    return proven;
  };
}
