import type { AuthExecutor, InvitationTable } from '../auth/auth-database.ts';
import { isBanned } from '../auth/stored-user.ts';
import { findUserById } from '../auth/user-store.ts';
import { isAtLeast, roleSchema } from './roles.ts';
import type { Role } from './roles.ts';

/** Whether a member of this role may invite to the other one: admins and owners do, to no more than they are. */
export function mayInvite(inviter: Role, invited: Role): boolean {
  return isAtLeast(inviter, 'admin') && isAtLeast(inviter, invited);
}

/**
 * Withdraws the invitations that a member sent and could not send any more. Otherwise a removed member would return by an invitation to
 * another address of theirs. The organization must be locked.
 *
 * @param role what the member is from now on; null where they are none any more
 */
export async function withdrawBeyondRights(
  db: AuthExecutor,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role | null },
): Promise<void> {
  const beyond = roleSchema.options.filter((invited) => role === null || !mayInvite(role, invited));
  if (beyond.length === 0) return;
  await db
    .deleteFrom('invitation')
    .where('organizationId', '=', organizationId)
    .where('inviterId', '=', userId)
    .where('role', 'in', beyond)
    .execute();
}

/** Whether who sent the invitation could send it now. The backend's have no sender. */
export async function isStillEntitled(
  db: AuthExecutor,
  { inviterId, organizationId, role }: Pick<InvitationTable, 'inviterId' | 'organizationId' | 'role'>,
): Promise<boolean> {
  if (inviterId === null) return true;
  const inviter = await findUserById(db, inviterId);
  const member = await db
    .selectFrom('member')
    .select('role')
    .where('organizationId', '=', organizationId)
    .where('userId', '=', inviterId)
    .executeTakeFirst();
  return (
    inviter !== undefined && !isBanned(inviter) && member !== undefined && mayInvite(roleSchema.parse(member.role), roleSchema.parse(role))
  );
}
