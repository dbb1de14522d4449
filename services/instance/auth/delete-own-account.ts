import type { ExpressionBuilder } from 'kysely';
import { appErrors } from '../../shared/errors.ts';
import type { AuthDatabase, AuthTables, MemberTable } from './auth-database.ts';
import type { EraseUser } from './erase-user.ts';
import type { ConfirmPresence } from './fresh-sign-in.ts';
import type { ClientInfo } from './session-token.ts';
import type { SignedIn } from './stored-user.ts';

/** @throws unauthorized for a wrong password, forbidden for a session that is not fresh, conflict for the last owner of an organization */
export type DeleteOwnAccount = (signedIn: SignedIn, password: string | undefined, client: ClientInfo) => Promise<void>;

interface DeleteOwnAccountDeps {
  database: AuthDatabase;
  confirmPresence: ConfirmPresence;
  eraseUser: EraseUser;
}

export function createDeleteOwnAccount({ database, confirmPresence, eraseUser }: DeleteOwnAccountDeps): DeleteOwnAccount {
  return async (signedIn, password, client) => {
    const { user } = signedIn;
    await confirmPresence(signedIn, password, client);
    if (await leavesOthersWithoutOwner(database, user.id)) throw appErrors.conflict({ reason: 'last_owner' });
    await eraseUser(user);
  };
}

/** Whether some organization has other members, but no other owner. */
async function leavesOthersWithoutOwner(database: AuthDatabase, userId: string): Promise<boolean> {
  const found = await database
    .selectFrom('member as own')
    .select('own.id')
    .where('own.userId', '=', userId)
    .where('own.role', '=', 'owner')
    .where((eb) => eb.exists(others(eb, userId)))
    .where((eb) => eb.not(eb.exists(others(eb, userId).where('m.role', '=', 'owner'))))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

function others(eb: ExpressionBuilder<AuthTables & { own: MemberTable }, 'own'>, userId: string) {
  return eb
    .selectFrom('member as m')
    .select('m.id')
    .whereRef('m.organizationId', '=', 'own.organizationId')
    .where('m.userId', '<>', userId);
}
