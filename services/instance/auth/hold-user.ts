import type { AuthExecutor } from './auth-database.ts';
import type { StoredUser } from './stored-user.ts';
import { userColumns } from './user-store.ts';

/**
 * The user as they are now, held until the transaction ends. Hashing takes time, in which the password may be reset or the user banned, and
 * with it all sessions end: a session that is made in this transaction is either there to be ended, or finds the change here and is not made.
 *
 * @param passwordHash what the given password was compared with
 * @returns undefined where the user is gone, or where this is no longer the hash of their password
 */
export async function holdUser(transaction: AuthExecutor, id: string, passwordHash?: string): Promise<StoredUser | undefined> {
  const user = await transaction.selectFrom('user').select(userColumns).where('id', '=', id).forShare().executeTakeFirst();
  if (!user || passwordHash === undefined) return user;
  const account = await transaction
    .selectFrom('account')
    .select('password')
    .where('userId', '=', id)
    .where('providerId', '=', 'credential')
    .forShare()
    .executeTakeFirst();
  return account?.password === passwordHash ? user : undefined;
}
