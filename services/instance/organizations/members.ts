import { appErrors } from '../../shared/errors.ts';
import { isId, newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from '../auth/auth-database.ts';
import { isUniqueViolation } from '../auth/user-changes.ts';
import { findUserById } from '../auth/user-store.ts';
import { withdrawBeyondRights } from './invitation-rights.ts';
import { requireRole } from './organization-access.ts';
import type { Access, Actor } from './organization-access.ts';
import { isAtLeast, roleSchema } from './roles.ts';
import type { Role } from './roles.ts';

export interface StoredMember {
  id: string;
  organizationId: string;
  userId: string;
  role: string;
  createdAt: Date;
  email: string;
  name: string;
  image: string | null;
}

export type Members = ReturnType<typeof createMembers>;

export function createMembers(database: AuthDatabase) {
  return {
    async list(organizationId: string, { page, pageSize }: { page: number; pageSize: number }, actor: Actor) {
      await requireRole(database, { organizationId, actor, least: 'member' });
      const [members, { total }] = await Promise.all([
        membersOf(database, organizationId)
          .orderBy('m.createdAt')
          .orderBy('m.id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        database
          .selectFrom('member')
          .select(({ fn }) => fn.countAll().as('total'))
          .where('organizationId', '=', organizationId)
          .executeTakeFirstOrThrow(),
      ]);
      return { members, total: Number(total) };
    },

    /** Adds a user without asking them: for the backend. @throws not_found, conflict where they are a member already */
    async add(organizationId: string, { userId, role }: { userId: string; role: Role }, actor: Actor): Promise<StoredMember> {
      return database.transaction().execute(async (transaction) => {
        await requireRole(transaction, { organizationId, actor, least: 'owner', lock: true });
        if (!(await findUserById(transaction, userId))) throw appErrors.notFound('user');
        const id = await insertMember(transaction, { organizationId, userId, role });
        return findMember(transaction, organizationId, id);
      });
    },

    /** @throws forbidden where an admin meddles with owners, conflict where no owner would be left */
    async changeRole(organizationId: string, memberId: string, role: Role, actor: Actor): Promise<StoredMember> {
      return database.transaction().execute(async (transaction) => {
        const access = await requireRole(transaction, { organizationId, actor, least: 'admin', lock: true });
        const member = await findMember(transaction, organizationId, memberId);
        if (!isAtLeast(access.role, role)) throw appErrors.forbidden();
        refuseBelow(access, member);
        if (member.role === 'owner' && role !== 'owner') await refuseLastOwner(transaction, organizationId);
        await transaction.updateTable('member').set({ role }).where('id', '=', member.id).execute();
        await withdrawBeyondRights(transaction, { organizationId, userId: member.userId, role });
        return { ...member, role };
      });
    },

    /** Removes a member; anybody may remove themselves. @throws as changeRole */
    async remove(organizationId: string, memberId: string, actor: Actor): Promise<void> {
      await database.transaction().execute(async (transaction) => {
        const access = await requireRole(transaction, { organizationId, actor, least: 'member', lock: true });
        const member = await findMember(transaction, organizationId, memberId);
        const isSelf = 'user' in actor && actor.user.id === member.userId;
        if (!isSelf) {
          if (!isAtLeast(access.role, 'admin')) throw appErrors.forbidden();
          refuseBelow(access, member);
        }
        if (member.role === 'owner') await refuseLastOwner(transaction, organizationId);
        await transaction.deleteFrom('member').where('id', '=', member.id).execute();
        await withdrawBeyondRights(transaction, { organizationId, userId: member.userId, role: null });
      });
    },
  };
}

/** @throws conflict where the user is a member already */
export async function insertMember(
  db: AuthExecutor,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role },
): Promise<string> {
  const id = newId('mem');
  await db
    .insertInto('member')
    .values({ id, organizationId, userId, role, createdAt: new Date() })
    .execute()
    .catch((err: unknown) => {
      throw isUniqueViolation(err) ? appErrors.conflict({ reason: 'already_a_member' }) : err;
    });
  return id;
}

function membersOf(db: AuthExecutor, organizationId: string) {
  return db
    .selectFrom('member as m')
    .innerJoin('user as u', 'u.id', 'm.userId')
    .select(['m.id', 'm.organizationId', 'm.userId', 'm.role', 'm.createdAt', 'u.email', 'u.name', 'u.image'])
    .where('m.organizationId', '=', organizationId);
}

async function findMember(db: AuthExecutor, organizationId: string, memberId: string): Promise<StoredMember> {
  const member = isId('mem', memberId) ? await membersOf(db, organizationId).where('m.id', '=', memberId).executeTakeFirst() : undefined;
  if (!member) throw appErrors.notFound('member');
  return member;
}

/** Nobody changes who stands above them. */
function refuseBelow(access: Access, member: StoredMember): void {
  if (!isAtLeast(access.role, roleSchema.parse(member.role))) throw appErrors.forbidden();
}

/** The organization is locked by now, so the count stays true. */
async function refuseLastOwner(db: AuthExecutor, organizationId: string): Promise<void> {
  const owners = await db
    .selectFrom('member')
    .select('id')
    .where('organizationId', '=', organizationId)
    .where('role', '=', 'owner')
    .limit(2)
    .execute();
  if (owners.length < 2) throw appErrors.conflict({ reason: 'last_owner' });
}
