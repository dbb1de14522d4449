import { randomBytes } from 'node:crypto';
import type { ExpressionBuilder } from 'kysely';
import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import { isId, newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor, AuthTables, InvitationTable } from '../auth/auth-database.ts';
import { hashToken } from '../auth/one-time-tokens.ts';
import type { ClientInfo } from '../auth/session-token.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { invitationLifetime } from '../email/account-mails.ts';
import type { AccountMails } from '../email/account-mails.ts';
import { findUserById } from '../auth/user-store.ts';
import { isStillEntitled, mayInvite } from './invitation-rights.ts';
import { insertMember } from './members.ts';
import { requireRole } from './organization-access.ts';
import type { Actor } from './organization-access.ts';
import type { OrganizationLimits } from './organization-limits.ts';
import { isAtLeast, roleSchema } from './roles.ts';
import type { Role } from './roles.ts';

export type StoredInvitation = Omit<InvitationTable, 'tokenHash'>;
/** As those invited see it. */
export type OwnInvitation = StoredInvitation & { organizationName: string };

export interface NewInvitation {
  email: string;
  role: Role;
  page: URL | undefined;
}

/** By its id to a user whose address is verified, or by the token in the e-mail, which proves the address itself. */
export type InvitationReference = { id: string } | { token: string };

export type Invitations = ReturnType<typeof createInvitations>;

/** Pending ones of an organization, and of a user over all organizations. */
const maxPending = 500;
const maxPendingOfUser = 200;
const columns = ['id', 'organizationId', 'email', 'role', 'status', 'expiresAt', 'createdAt', 'inviterId'] as const;

interface InvitationsDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  mails: AccountMails;
  limits: OrganizationLimits;
}

export function createInvitations({ database, guard, mails, limits }: InvitationsDeps) {
  /** @throws not_found for a made-up token, rate_limit_exceeded after many */
  async function refuseMadeUp(user: StoredUser, reference: InvitationReference, { key }: ClientInfo): Promise<void> {
    if (!('token' in reference)) return;
    const tokenHash = hashToken(reference.token);
    const known = await guard.attempt({ kind: 'token', account: user.id, client: key }, () =>
      database.selectFrom('invitation').select('id').where('tokenHash', '=', tokenHash).executeTakeFirst(),
    );
    if (!known) throw appErrors.notFound('invitation');
  }

  return {
    /**
     * Invites an address, whether or not it is a user's. A second invitation replaces the first.
     *
     * @throws conflict where its user is a member, where too many are pending, or where the application has no e-mail; forbidden where the
     *   inviting user's own address is not verified; rate_limit_exceeded
     */
    async create(organizationId: string, { email, role, page }: NewInvitation, actor: Actor): Promise<StoredInvitation> {
      mails.requireConfigured();
      const to = email.toLowerCase();
      const token = randomBytes(32).toString('base64url');
      const { invitation, organizationName } = await database.transaction().execute(async (transaction) => {
        const access = await requireRole(transaction, { organizationId, actor, least: 'admin', lock: true });
        if (!mayInvite(access.role, role)) throw appErrors.forbidden();
        await requireVerified(transaction, actor);
        await limits.countInvitation(actor, organizationId);
        await refuseMember(transaction, organizationId, to);
        await removeStale(transaction, organizationId, to);
        await refuseTooMany(transaction, organizationId, actor);
        const now = Date.now();
        const made = await transaction
          .insertInto('invitation')
          .values({
            id: newId('inv'),
            organizationId,
            email: to,
            role,
            status: 'pending',
            createdAt: new Date(now),
            expiresAt: new Date(now + invitationLifetime.seconds * 1_000),
            inviterId: 'user' in actor ? actor.user.id : null,
            tokenHash: hashToken(token),
          })
          .returning(columns)
          .executeTakeFirstOrThrow();
        return { invitation: made, organizationName: access.organization.name };
      });
      const inviterName = 'user' in actor ? actor.user.name || undefined : undefined;
      mails.sendInvitation({ to, organizationName, inviterName, token, page });
      return invitation;
    },

    /** Pending ones, newest first. */
    async list(organizationId: string, { page, pageSize }: { page: number; pageSize: number }, actor: Actor) {
      await requireRole(database, { organizationId, actor, least: 'admin' });
      const pending = database
        .selectFrom('invitation')
        .where('organizationId', '=', organizationId)
        .where('status', '=', 'pending')
        .where('expiresAt', '>', new Date());
      const [invitations, { total }] = await Promise.all([
        pending
          .select(columns)
          .orderBy('createdAt', 'desc')
          .orderBy('id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        pending.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { invitations, total: Number(total) };
    },

    async cancel(organizationId: string, invitationId: string, actor: Actor): Promise<void> {
      const access = await requireRole(database, { organizationId, actor, least: 'admin' });
      const pending = isId('inv', invitationId)
        ? await database
            .selectFrom('invitation')
            .select('role')
            .where('id', '=', invitationId)
            .where('organizationId', '=', organizationId)
            .where('status', '=', 'pending')
            .executeTakeFirst()
        : undefined;
      if (!pending) throw appErrors.notFound('invitation');
      if (!isAtLeast(access.role, roleSchema.parse(pending.role))) throw appErrors.forbidden();
      await database.deleteFrom('invitation').where('id', '=', invitationId).execute();
    },

    /** Invitations to the user's address, once that is proven to be theirs. */
    async listOwn(user: StoredUser, { page, pageSize }: { page: number; pageSize: number }) {
      if (!user.emailVerified) return { invitations: [], total: 0 };
      const pending = ownPending(database, user);
      const [invitations, { total }] = await Promise.all([
        pending
          .select(['i.id', 'i.organizationId', 'i.email', 'i.role', 'i.status', 'i.expiresAt', 'i.createdAt', 'i.inviterId'])
          .select('o.name as organizationName')
          .orderBy('i.createdAt', 'desc')
          .orderBy('i.id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        pending.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { invitations, total: Number(total) };
    },

    /** @throws not_found where there is no such pending invitation to the user's proven address, or who sent it could not send it any more */
    async accept(
      user: StoredUser,
      reference: InvitationReference,
      client: ClientInfo,
    ): Promise<{ memberId: string; organizationId: string; role: Role }> {
      await refuseMadeUp(user, reference, client);
      return database.transaction().execute(async (transaction) => {
        const invited = await transaction
          .selectFrom('invitation')
          .select('organizationId')
          .where(chosenBy(user, reference))
          .executeTakeFirst();
        if (!invited) throw appErrors.notFound('invitation');
        // Held, so that the inviter is not removed in between.
        await transaction.selectFrom('organization').select('id').where('id', '=', invited.organizationId).forUpdate().execute();
        const settled = await settle(transaction, user, reference);
        if (!(await isStillEntitled(transaction, settled))) throw appErrors.notFound('invitation');
        const { organizationId } = settled;
        const role = roleSchema.parse(settled.role);
        return { memberId: await insertMember(transaction, { organizationId, userId: user.id, role }), organizationId, role };
      });
    },

    /** @throws as accept */
    async reject(user: StoredUser, reference: InvitationReference, client: ClientInfo): Promise<void> {
      await refuseMadeUp(user, reference, client);
      await settle(database, user, reference);
    },
  };
}

/** Takes an invitation away: answered, it is no longer needed, and it names somebody. */
async function settle(db: AuthExecutor, user: StoredUser, reference: InvitationReference): Promise<StoredInvitation> {
  const settled = await db.deleteFrom('invitation').where(chosenBy(user, reference)).returning(columns).executeTakeFirst();
  if (!settled) throw appErrors.notFound('invitation');
  return settled;
}

/** The pending invitation to the user's address that they name. By its id only where the address is proven to be theirs. */
function chosenBy(user: StoredUser, reference: InvitationReference) {
  return (eb: ExpressionBuilder<AuthTables, 'invitation'>) =>
    eb.and([
      eb('email', '=', user.email),
      eb('expiresAt', '>', new Date()),
      'token' in reference
        ? eb('tokenHash', '=', hashToken(reference.token))
        : eb('id', '=', user.emailVerified && isId('inv', reference.id) ? reference.id : ''),
    ]);
}

/** Who has not proven an address of their own does not write to others. */
async function requireVerified(db: AuthExecutor, actor: Actor): Promise<void> {
  if ('backend' in actor) return;
  const inviter = await findUserById(db, actor.user.id);
  if (inviter?.emailVerified !== true) throw appErrors.forbidden('email_not_verified');
}

function ownPending(db: AuthExecutor, user: StoredUser) {
  return db
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organizationId')
    .where('i.email', '=', user.email)
    .where('i.status', '=', 'pending')
    .where('i.expiresAt', '>', new Date());
}

/** An earlier invitation to the same address, and those whose time is over. */
async function removeStale(db: AuthExecutor, organizationId: string, email: string): Promise<void> {
  await db
    .deleteFrom('invitation')
    .where('organizationId', '=', organizationId)
    .where((eb) => eb.or([eb('email', '=', email), eb('expiresAt', '<=', new Date())]))
    .execute();
}

async function refuseMember(db: AuthExecutor, organizationId: string, email: string): Promise<void> {
  const member = await db
    .selectFrom('member as m')
    .innerJoin('user as u', 'u.id', 'm.userId')
    .select('m.id')
    .where('m.organizationId', '=', organizationId)
    .where('u.email', '=', email)
    .executeTakeFirst();
  if (member) throw appErrors.conflict({ reason: 'already_a_member' });
}

async function refuseTooMany(db: AuthExecutor, organizationId: string, actor: Actor): Promise<void> {
  const pending = db
    .selectFrom('invitation')
    .select(({ fn }) => fn.countAll().as('pending'))
    .where('status', '=', 'pending')
    .where('expiresAt', '>', new Date());
  const ofOrganization = await pending.where('organizationId', '=', organizationId).executeTakeFirstOrThrow();
  const isFull = Number(ofOrganization.pending) >= maxPending;
  const ofUser = 'user' in actor ? await pending.where('inviterId', '=', actor.user.id).executeTakeFirstOrThrow() : { pending: 0 };
  if (isFull || Number(ofUser.pending) >= maxPendingOfUser) throw appErrors.conflict({ reason: 'too_many_invitations' });
}
