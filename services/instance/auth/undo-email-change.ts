import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import type { AccountMails } from '../email/account-mails.ts';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';
import { eraseRows } from './erase-user.ts';
import type { OneTimeTokens, SpentToken } from './one-time-tokens.ts';
import type { SessionStore } from './session-store.ts';
import type { Sessions } from './sessions.ts';
import type { StoredUser } from './stored-user.ts';
import type { UserChanges } from './user-changes.ts';
import { userColumns } from './user-store.ts';

interface UndoEmailChangeDeps {
  database: AuthDatabase;
  tokens: OneTimeTokens;
  mails: AccountMails;
  changes: UserChanges;
  sessions: Sessions;
  store: SessionStore;
}

/**
 * Stops a change of address, or takes it back, with the token that was mailed to the proven old address when the change was asked for.
 *
 * Whoever asked for the change knew the password or had signed in, so all of that ends: sessions, the password, and providers and a second
 * factor that came after. The owner gets a mail to set a new password.
 *
 * Somebody may have signed up with the old address meanwhile, the thief above all. The token proves whose it is, so that user is removed.
 *
 * @returns undefined where the token is unknown, used or expired
 * @throws conflict where another user has proven the old address by now; the token stays usable
 */
export type UndoEmailChange = (token: string) => Promise<StoredUser | undefined>;

/** What the token keeps of the account as it was. */
export const undoData = z.object({ email: z.string(), twoFactorEnabled: z.boolean(), page: z.string().optional() });

export function createUndoEmailChange(deps: UndoEmailChangeDeps): UndoEmailChange {
  const { database, tokens, mails, changes, sessions, store } = deps;

  /** Removes what came after the change was asked for, and what was mailed since. */
  async function removeLater(transaction: AuthExecutor, userId: string, { createdAt, twoFactorEnabled }: Before): Promise<void> {
    await transaction
      .deleteFrom('account')
      .where('userId', '=', userId)
      .where((eb) => eb.or([eb('providerId', '=', 'credential'), eb('createdAt', '>=', createdAt)]))
      .execute();
    if (!twoFactorEnabled) await transaction.deleteFrom('twoFactor').where('userId', '=', userId).execute();
    await tokens.withdraw(userId, transaction);
    await tokens.withdrawMailed(userId, transaction);
    // Later changes were asked for by the same person: their mails must not take this one back. Earlier ones are older owners'.
    await transaction
      .deleteFrom('oneTimeToken')
      .where('userId', '=', userId)
      .where('purpose', '=', 'undo-email-change')
      .where('createdAt', '>=', createdAt)
      .execute();
  }

  return async (token) => {
    // One transaction: where the address can't be given back, the token is not used up.
    const undone = await database.transaction().execute(async (transaction) => {
      const spent = await tokens.spend('undo-email-change', token, transaction);
      if (!spent?.userId) return undefined;
      const before = readBefore(spent);
      const freed = await freeAddress(transaction, before.email, spent.userId);
      const user = await changes.update(
        spent.userId,
        { email: before.email, emailVerified: true, ...(before.twoFactorEnabled ? {} : { twoFactorEnabled: false }) },
        transaction,
      );
      await removeLater(transaction, user.id, before);
      return { user, before, freed };
    });
    if (!undone) return undefined;
    const { user, before, freed } = undone;
    if (freed) await store.endCopies(freed.userId, freed.ended);
    await sessions.endAll(user.id);
    mails.sendPasswordReset(before.email, before.page === undefined ? undefined : new URL(before.page), null);
    return user;
  };
}

type Before = z.infer<typeof undoData> & Pick<SpentToken, 'createdAt'>;

function readBefore({ data, createdAt }: SpentToken): Before {
  return { ...undoData.parse(data), createdAt };
}

/** Removes another user with the address, who has not proven it. @throws conflict where they have */
async function freeAddress(transaction: AuthExecutor, email: string, ownerId: string) {
  const holder = await transaction
    .selectFrom('user')
    .select(userColumns)
    .where('email', '=', email)
    .where('id', '<>', ownerId)
    // A proof under way ends first, and counts.
    .forUpdate()
    .executeTakeFirst();
  if (!holder) return undefined;
  if (holder.emailVerified) throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
  return { userId: holder.id, ended: await eraseRows(transaction, holder) };
}
