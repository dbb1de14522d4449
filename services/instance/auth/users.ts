import { sql } from 'kysely';
import { appErrors } from '../../shared/errors.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { isId, newId } from '../../shared/ids.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { EraseUser } from './erase-user.ts';
import type { PasswordHasher } from './password-hasher.ts';
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
}

/** The application's users as its backend sees them. */
export type Users = ReturnType<typeof createUsers>;

export function createUsers({ database, gate, hasher, sessions, changes, eraseUser }: UsersDeps) {
  return {
    /** One page, newest first; the id breaks ties, so that pages do not overlap. */
    async list({ page, pageSize, search }: UserQuery): Promise<UserPage> {
      const pattern = search === undefined ? undefined : containing(search.toLowerCase());
      const matching = database
        .selectFrom('user')
        .$if(pattern !== undefined, (query) =>
          query.where((eb) => eb.or([eb('email', 'like', pattern ?? ''), eb(sql<string>`lower(name)`, 'like', pattern ?? '')])),
        );
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

    /** @throws not_found, conflict */
    async update(id: string, change: UserChange): Promise<StoredUser> {
      const { id: found } = await this.get(id);
      return changes.update(found, change);
    },

    /**
     * Refuses sign-ins from now on and ends all sessions.
     *
     * @param until null: for ever
     */
    async ban(id: string, { reason, until }: { reason: string | null; until: Date | null }): Promise<StoredUser> {
      const { id: found } = await this.get(id);
      const banned = await changes.update(found, { banned: true, banReason: reason, banExpires: until });
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

/** A LIKE pattern for texts that contain this one; its wildcards are escaped. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
