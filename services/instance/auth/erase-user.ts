import type { AuthDatabase, AuthExecutor, SessionTable } from './auth-database.ts';
import type { StoredUser } from './stored-user.ts';
import type { SessionStore } from './session-store.ts';

/** Removes everything of a user: rows of every table, and what Redis holds. */
export type EraseUser = (user: StoredUser) => Promise<void>;

export function createEraseUser({ database, store }: { database: AuthDatabase; store: SessionStore }): EraseUser {
  return async (user) => {
    const ended = await database.transaction().execute((transaction) => eraseRows(transaction, user));
    await store.endCopies(user.id, ended);
  };
}

/**
 * Accounts, sessions, second factor, tokens and memberships go with the user's row (foreign keys). The rest goes here: invitations to their
 * address and those that they sent, and organizations that they were alone in.
 *
 * An organization whose last owner goes keeps its other members; the application's backend can make one of them its owner.
 *
 * @returns the sessions that ended, whose copies are to be ended once the transaction is through
 */
export async function eraseRows(transaction: AuthExecutor, { id, email }: StoredUser): Promise<Pick<SessionTable, 'token'>[]> {
  // A sign-in under way can add no session from here on: its row refers to the user's, and then finds it gone.
  await transaction.selectFrom('user').select('id').where('id', '=', id).forUpdate().execute();
  const ended = await transaction.deleteFrom('session').where('userId', '=', id).returning('token').execute();
  await transaction
    .deleteFrom('invitation')
    .where((eb) => eb.or([eb('email', '=', email), eb('inviterId', '=', id)]))
    .execute();
  await transaction
    .deleteFrom('organization')
    .where('id', 'in', (eb) => eb.selectFrom('member').select('organizationId').where('userId', '=', id))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('member')
            .select('member.id')
            .whereRef('member.organizationId', '=', 'organization.id')
            .where('member.userId', '<>', id),
        ),
      ),
    )
    .execute();
  await transaction.deleteFrom('user').where('id', '=', id).execute();
  return ended;
}
