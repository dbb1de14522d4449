import { appErrors } from '../../shared/errors.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';
import type { StoredUser } from './stored-user.ts';
import { userColumns } from './user-store.ts';

export interface UserChange {
  email?: string | undefined;
  emailVerified?: boolean | undefined;
  name?: string | undefined;
  image?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  banned?: boolean;
  banReason?: string | null;
  banExpires?: Date | null;
  twoFactorEnabled?: boolean;
}

/** Changes to a user's row, which the copies in their cached sessions follow. */
export type UserChanges = ReturnType<typeof createUserChanges>;

export function createUserChanges({ auth, database }: { auth: Auth; database: AuthDatabase }) {
  return {
    /** @throws not_found, or conflict where the e-mail address is taken */
    async update(id: string, { email, metadata, ...change }: UserChange): Promise<StoredUser> {
      const updated = await database
        .updateTable('user')
        .set({
          ...change,
          ...(email === undefined ? {} : { email: email.toLowerCase() }),
          ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
          updatedAt: new Date(),
        })
        .where('id', '=', id)
        .returning(userColumns)
        .executeTakeFirst()
        .catch((err: unknown) => {
          throw isUniqueViolation(err) ? appErrors.conflict({ field: 'email', reason: 'already_in_use' }) : err;
        });
      if (!updated) throw appErrors.notFound('user');
      await (await auth.$context).internalAdapter.refreshUserSessions(updated);
      return updated;
    },
  };
}

/** PostgreSQL's unique_violation. */
export function isUniqueViolation(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === '23505';
}
