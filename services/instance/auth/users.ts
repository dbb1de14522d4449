import { appErrors } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import type { SignedIn } from './accounts.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';

export type StoredUser = Omit<SignedIn['user'], 'image'>;

export interface UserPage {
  users: StoredUser[];
  total: number;
}

/** The application's users as its backend sees them. */
export type Users = ReturnType<typeof createUsers>;

export function createUsers({ auth, database }: { auth: Auth; database: AuthDatabase }) {
  return {
    /** One page, newest first; the id breaks ties, so that pages do not overlap. */
    async list({ page, pageSize }: { page: number; pageSize: number }): Promise<UserPage> {
      const [users, { total }] = await Promise.all([
        database
          .selectFrom('user')
          .select(['id', 'email', 'name', 'emailVerified', 'createdAt', 'updatedAt'])
          .orderBy('createdAt', 'desc')
          .orderBy('id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        database
          .selectFrom('user')
          .select(({ fn }) => fn.countAll().as('total'))
          .executeTakeFirstOrThrow(),
      ]);
      return { users, total: Number(total) };
    },

    /** @throws not_found */
    async get(id: string): Promise<StoredUser> {
      const user = isId('usr', id) ? await (await auth.$context).internalAdapter.findUserById(id) : null;
      if (!user) throw appErrors.notFound('user');
      return user;
    },

    /** Deletes the user with their sessions, cached ones included. @throws not_found */
    async remove(id: string): Promise<void> {
      const { id: found } = await this.get(id);
      await (await auth.$context).internalAdapter.deleteUser(found);
    },
  };
}
