import { appErrors } from '../../shared/errors.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { isId, newId } from '../../shared/ids.ts';
import type { SecurityNotices } from '../email/security-notices.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { EraseUser } from './erase-user.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PendingSignUps } from './pending-sign-ups.ts';
import type { ProveAddress } from './prove-address.ts';
import { containing, searchedText } from './search-text.ts';
import type { Sessions } from './sessions.ts';
import type { StoredUser } from './stored-user.ts';
import type { UserChange, UserChanges } from './user-changes.ts';
import { insertUser } from './insert-user.ts';
import { findUserById, userColumns } from './user-store.ts';

export interface UserPage {
  users: StoredUser[];
  total: number;
}

export interface UserQuery {
  page: number;
  pageSize: number;
  /** Part of the e-mail address or the name. */
  search?: string | undefined;
}

export interface CreatedUser {
  email: string;
  password?: string | undefined;
  name?: string | undefined;
  image?: string | null | undefined;
  emailVerified?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
}

interface UsersDeps {
  database: AuthDatabase;
  gate: HashingGate;
  hasher: PasswordHasher;
  sessions: Sessions;
  changes: UserChanges;
  eraseUser: EraseUser;
  tokens: OneTimeTokens;
  pendingSignUps: PendingSignUps;
  proveAddress: ProveAddress;
  notices: SecurityNotices;
}

/** The application's users as its backend sees them. */
export type Users = ReturnType<typeof createUsers>;

export function createUsers(deps: UsersDeps) {
  const { database, gate, hasher, sessions, changes, eraseUser, tokens, pendingSignUps, proveAddress, notices } = deps;

  return {
    /** One page, newest first; the id breaks ties, so that pages do not overlap. */
    async list({ page, pageSize, search }: UserQuery): Promise<UserPage> {
      const matching = database.selectFrom('user').$if(search !== undefined, (query) => {
        const pattern = containing(search ?? '');
        return query.where((eb) => eb.or([eb('email', 'like', pattern), eb(searchedText(eb.ref('name')), 'like', pattern)]));
      });
      const [users, { total }] = await Promise.all([
        matching
          .select(userColumns)
          .orderBy('createdAt', 'desc')
          .orderBy('id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        matching.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { users, total: Number(total) };
    },

    /** @throws not_found */
    async get(id: string): Promise<StoredUser> {
      const user = isId('usr', id) ? await findUserById(database, id) : undefined;
      if (!user) throw appErrors.notFound('user');
      return user;
    },

    /** @throws conflict where the e-mail address is taken */
    async create({ password, ...profile }: CreatedUser): Promise<StoredUser> {
      const passwordHash = password === undefined ? undefined : await gate.run(profile.email, () => hasher.hash(password));
      const id = newId('usr');
      if (!(await insertUser(database, { ...profile, id, passwordHash }))) {
        throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
      }
      return this.get(id);
    },

    /**
     * Another address is unproven unless the change says otherwise, and voids what was mailed to the old one; both get word. Where the
     * backend vouches for the present address, an account that waits for its proof is settled as by the link in its mail.
     *
     * @throws not_found, conflict
     */
    async update(id: string, change: UserChange): Promise<StoredUser> {
      const before = await this.get(id);
      const isMoved = change.email !== undefined && change.email.toLowerCase() !== before.email;
      if (change.emailVerified === true && !before.emailVerified && !isMoved) {
        await proveAddress(before, await pendingSignUps.consentOf(before.id));
      }
      const updated = await database.transaction().execute(async (transaction) => {
        if (isMoved || change.emailVerified === false) await tokens.withdrawAddress(before.id, transaction);
        return changes.update(before.id, { ...change, ...(isMoved ? { emailVerified: change.emailVerified ?? false } : {}) }, transaction);
      });
      if (isMoved) notices.notifyAddressSet(before.email, updated.email);
      return updated;
    },

    /**
     * Refuses sign-ins from now on, ends all sessions and withdraws the invitations that the user has sent.
     *
     * @param until null: for ever
     */
    async ban(id: string, { reason, until }: { reason: string | null; until: Date | null }): Promise<StoredUser> {
      const { id: found } = await this.get(id);
      const banned = await changes.update(found, { banned: true, banReason: reason, banExpires: until });
      await database.deleteFrom('invitation').where('inviterId', '=', found).execute();
      await sessions.endAll(found);
      return banned;
    },

    async unban(id: string): Promise<StoredUser> {
      const { id: found } = await this.get(id);
      return changes.update(found, { banned: false, banReason: null, banExpires: null });
    },

    /** Removes everything of the user. @throws not_found */
    async remove(id: string): Promise<void> {
      await eraseUser(await this.get(id));
    },
  };
}
