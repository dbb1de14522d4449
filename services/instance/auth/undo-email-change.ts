import { z } from 'zod';
import type { AccountMails } from '../email/account-mails.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { Sessions } from './sessions.ts';
import type { StoredUser } from './stored-user.ts';
import type { UserChanges } from './user-changes.ts';
import { findUserById } from './user-store.ts';

interface UndoEmailChangeDeps {
  database: AuthDatabase;
  tokens: OneTimeTokens;
  mails: AccountMails;
  changes: UserChanges;
  sessions: Sessions;
}

/**
 * Stops a change of address, or takes it back, with the token that was mailed to the proven old address when the change was asked for.
 *
 * Whoever asked for the change knew the password or had signed in, so all of that ends: sessions, the password, and providers and a second
 * factor that came after. The owner gets a mail to set a new password.
 *
 * @returns undefined where the token is unknown, used or expired
 * @throws conflict where the old address is another user's by now
 */
export type UndoEmailChange = (token: string) => Promise<StoredUser | undefined>;

/** What the token keeps of the account as it was. */
export const undoData = z.object({ email: z.string(), twoFactorEnabled: z.boolean(), page: z.string().optional() });

export function createUndoEmailChange({ database, tokens, mails, changes, sessions }: UndoEmailChangeDeps): UndoEmailChange {
  return async (token) => {
    const spent = await tokens.spend('undo-email-change', token);
    const user = spent?.userId ? await findUserById(database, spent.userId) : undefined;
    if (!spent || !user) return undefined;
    const before = undoData.parse(spent.data);
    const restored = await changes.update(user.id, {
      email: before.email,
      emailVerified: true,
      ...(before.twoFactorEnabled ? {} : { twoFactorEnabled: false }),
    });
    await database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('account')
        .where('userId', '=', user.id)
        .where((eb) => eb.or([eb('providerId', '=', 'credential'), eb('createdAt', '>=', spent.createdAt)]))
        .execute();
      if (!before.twoFactorEnabled) await transaction.deleteFrom('twoFactor').where('userId', '=', user.id).execute();
      await tokens.withdraw(user.id, transaction);
      await tokens.withdrawMailed(user.id, transaction);
      // Later changes were asked for by the same person: their mails must not take this one back. Earlier ones are older owners'.
      await transaction
        .deleteFrom('oneTimeToken')
        .where('userId', '=', user.id)
        .where('purpose', '=', 'undo-email-change')
        .where('createdAt', '>=', spent.createdAt)
        .execute();
    });
    await sessions.endAll(user.id);
    mails.sendPasswordReset(before.email, before.page === undefined ? undefined : new URL(before.page));
    return restored;
  };
}
