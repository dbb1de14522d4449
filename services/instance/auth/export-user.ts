import type { AuthDatabase } from './auth-database.ts';
import type { StoredUser } from './stored-user.ts';

/** All that is stored about one user, secrets and tokens left out (GDPR, article 15). */
export type ExportUser = (user: StoredUser) => Promise<UserExport>;

export type UserExport = Awaited<ReturnType<typeof collect>>;

export function createExportUser(database: AuthDatabase): ExportUser {
  return (user) => collect(database, user);
}

async function collect(database: AuthDatabase, user: StoredUser) {
  const [accounts, sessions, twoFactor, memberships, invitations, sentInvitations, pendingTokens] = await Promise.all([
    database
      .selectFrom('account')
      .select(['id', 'providerId', 'accountId', 'scope', 'createdAt', 'updatedAt'])
      .where('userId', '=', user.id)
      .orderBy('createdAt')
      .execute(),
    database
      .selectFrom('session')
      .select(['id', 'ipAddress', 'userAgent', 'createdAt', 'updatedAt', 'expiresAt'])
      .where('userId', '=', user.id)
      .orderBy('createdAt')
      .execute(),
    database.selectFrom('twoFactor').select(['id', 'verified', 'lockedUntil']).where('userId', '=', user.id).executeTakeFirst(),
    database
      .selectFrom('member as m')
      .innerJoin('organization as o', 'o.id', 'm.organizationId')
      .select(['m.id', 'm.organizationId', 'o.name as organizationName', 'm.role', 'm.createdAt'])
      .where('m.userId', '=', user.id)
      .orderBy('m.createdAt')
      .execute(),
    invitationsOf(database).where('i.email', '=', user.email).execute(),
    invitationsOf(database).select('i.email').where('i.inviterId', '=', user.id).execute(),
    database
      .selectFrom('oneTimeToken')
      .select(['purpose', 'createdAt', 'expiresAt'])
      .where('userId', '=', user.id)
      .orderBy('createdAt')
      .execute(),
  ]);
  return { user, accounts, sessions, twoFactor: twoFactor ?? null, memberships, invitations, sentInvitations, pendingTokens };
}

function invitationsOf(database: AuthDatabase) {
  return database
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organizationId')
    .select(['i.id', 'i.organizationId', 'o.name as organizationName', 'i.role', 'i.status', 'i.createdAt', 'i.expiresAt'])
    .orderBy('i.createdAt');
}
