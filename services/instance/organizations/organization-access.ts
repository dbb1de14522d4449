import { appErrors } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import type { AuthExecutor, OrganizationTable } from '../auth/auth-database.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { isAtLeast, roleSchema } from './roles.ts';
import type { Role } from './roles.ts';

/** Who acts: a user by their session, or the application's backend by its secret key, which may all that its scopes allow. */
export type Actor = { user: StoredUser } | { backend: true };

export interface StoredOrganization extends Omit<OrganizationTable, 'logo' | 'metadata'> {
  logo: string | null;
  metadata: string | null;
}

export interface Access {
  organization: StoredOrganization;
  /** The backend counts as an owner. */
  role: Role;
}

interface RequireRoleOptions {
  organizationId: string;
  actor: Actor;
  /** What the actor must be at least. */
  least: Role;
  /** Holds the organization until the transaction ends: changes of its members come one after the other. */
  lock?: boolean;
}

/**
 * Finds the organization and what the actor is in it.
 *
 * @throws not_found where it is unknown or the actor is no member, forbidden where their role does not suffice
 */
export async function requireRole(db: AuthExecutor, options: RequireRoleOptions): Promise<Access> {
  const { organizationId, actor, least, lock = false } = options;
  const organization = isId('org', organizationId)
    ? await db
        .selectFrom('organization')
        .selectAll()
        .where('id', '=', organizationId)
        .$if(lock, (query) => query.forUpdate())
        .executeTakeFirst()
    : undefined;
  const role = organization && (await roleIn(db, organization.id, actor));
  if (!organization || !role) throw appErrors.notFound('organization');
  if (!isAtLeast(role, least)) throw appErrors.forbidden();
  return { organization, role };
}

async function roleIn(db: AuthExecutor, organizationId: string, actor: Actor): Promise<Role | undefined> {
  if ('backend' in actor) return 'owner';
  const member = await db
    .selectFrom('member')
    .select('role')
    .where('organizationId', '=', organizationId)
    .where('userId', '=', actor.user.id)
    .executeTakeFirst();
  return member && roleSchema.parse(member.role);
}
