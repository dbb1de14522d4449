import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';
import type { StoredUser } from './stored-user.ts';
import type { SessionCache } from './session-cache.ts';

/** Removes everything of a user: rows of every table, and what Redis holds. */
export type EraseUser = (user: StoredUser) => Promise<void>;

/**
 * Accounts, sessions, second factor, tokens and memberships go with the user's row, and invitations that they sent lose their name (foreign
 * keys). The rest goes here: invitations to their address, and organizations that they were alone in.
 *
 * An organization whose last owner goes keeps its other members; the application's backend can make one of them its owner.
 */
export function createEraseUser({ auth, database, cache }: { auth: Auth; database: AuthDatabase; cache: SessionCache }): EraseUser {
  return async ({ id, email }) => {
    const tokens = await database.selectFrom('session').select('token').where('userId', '=', id).execute();
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('invitation').where('email', '=', email).execute();
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
    });
    // Marks the cached sessions as revoked and removes those that better-auth knows of.
    await (await auth.$context).internalAdapter.deleteUserSessions(id);
    for (const { token } of tokens) await cache.delete(token);
    await cache.delete(`active-sessions-${id}`);
  };
}
