import type { AuthExecutor } from './auth-database.ts';
import type { StoredUser } from './stored-user.ts';

const userColumns = [
  ...(['id', 'email', 'name', 'image', 'emailVerified', 'createdAt', 'updatedAt'] as const),
  ...(['twoFactorEnabled', 'banned', 'banReason', 'banExpires', 'metadata'] as const),
] as const;

export async function findUserById(db: AuthExecutor, id: string): Promise<StoredUser | undefined> {
  return db.selectFrom('user').select(userColumns).where('id', '=', id).executeTakeFirst();
}

/** Addresses are stored in lower case. */
export async function findUserByEmail(db: AuthExecutor, email: string): Promise<StoredUser | undefined> {
  return db.selectFrom('user').select(userColumns).where('email', '=', email.toLowerCase()).executeTakeFirst();
}

export { userColumns };

/** @returns undefined for an unknown user and for one without a password */
export async function findPasswordHash(db: AuthExecutor, userId: string): Promise<string | undefined> {
  const account = await db
    .selectFrom('account')
    .select('password')
    .where('userId', '=', userId)
    .where('providerId', '=', 'credential')
    .executeTakeFirst();
  return account?.password ?? undefined;
}
