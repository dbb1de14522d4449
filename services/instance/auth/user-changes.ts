import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';
import type { SessionCache } from './session-cache.ts';
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

const copiedSession = z.object({ session: z.unknown() });

/** Changes to a user's row, which the copies in their cached sessions follow. */
export type UserChanges = ReturnType<typeof createUserChanges>;

export function createUserChanges({ database, cache }: { database: AuthDatabase; cache: SessionCache }) {
  async function updateCopies(user: StoredUser, executor: AuthExecutor): Promise<void> {
    const sessions = await executor
      .selectFrom('session')
      .select(['token', 'expiresAt'])
      .where('userId', '=', user.id)
      .where('expiresAt', '>', new Date())
      .execute();
    for (const { token, expiresAt } of sessions) {
      const copy = await cache.get(token);
      if (typeof copy !== 'string') continue;
      const { session } = copiedSession.parse(JSON.parse(copy));
      const ttlSeconds = Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1_000));
      await cache.replace(token, JSON.stringify({ session, user }), ttlSeconds);
    }
  }

  return {
    /**
     * @param executor the transaction that it is part of: a second connection would make transactions wait for one another
     * @throws not_found, or conflict where the e-mail address is taken
     */
    async update(id: string, { email, metadata, ...change }: UserChange, executor: AuthExecutor = database): Promise<StoredUser> {
      const updated = await executor
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
      await updateCopies(updated, executor);
      return updated;
    },
  };
}

/** PostgreSQL's unique_violation. */
export function isUniqueViolation(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === '23505';
}
