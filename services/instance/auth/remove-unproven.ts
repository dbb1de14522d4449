import type { AuthExecutor } from './auth-database.ts';

/**
 * Removes the ways into an account that whoever made it left there, once its address turns out to be another person's: linked providers and
 * the second factor, and the password unless it is replaced. Sessions end through `sessions.endAll`, which also clears their copies.
 */
export async function removeUnproven(db: AuthExecutor, userId: string, { keepPassword }: { keepPassword: boolean }): Promise<void> {
  await db
    .deleteFrom('account')
    .where('userId', '=', userId)
    .$if(keepPassword, (query) => query.where('providerId', '<>', 'credential'))
    .execute();
  await db.deleteFrom('twoFactor').where('userId', '=', userId).execute();
}
