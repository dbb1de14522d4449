import type { AuthExecutor } from './auth-database.ts';

export interface NewUser {
  id: string;
  email: string;
  name?: string | undefined;
  image?: string | null | undefined;
  emailVerified?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
  createdAt?: Date | undefined;
}

/** @returns false where the e-mail address is taken: nothing is changed then */
export async function insertUser(db: AuthExecutor, user: NewUser): Promise<boolean> {
  const now = new Date();
  const inserted = await db
    .insertInto('user')
    .values({
      id: user.id,
      email: user.email.toLowerCase(),
      name: user.name ?? '',
      image: user.image ?? null,
      emailVerified: user.emailVerified ?? false,
      metadata: user.metadata === undefined ? null : JSON.stringify(user.metadata),
      twoFactorEnabled: false,
      createdAt: user.createdAt ?? now,
      updatedAt: now,
    })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}
