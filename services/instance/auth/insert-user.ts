import { sql } from 'kysely';
import { newId } from '../../shared/ids.ts';
import type { AuthExecutor } from './auth-database.ts';

export interface NewUser {
  id: string;
  email: string;
  passwordHash?: string | undefined;
  name?: string | undefined;
  image?: string | null | undefined;
  emailVerified?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
  createdAt?: Date | undefined;
}

/**
 * Makes a user, and their password where one is given, in one statement: whole or not at all.
 *
 * @returns false where the e-mail address is taken: nothing is changed then
 */
export async function insertUser(db: AuthExecutor, user: NewUser): Promise<boolean> {
  const now = new Date();
  const { id, passwordHash } = user;
  const inserted = await db
    .with('made', (made) =>
      made
        .insertInto('user')
        .values({
          id,
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
        .returning('id'),
    )
    .with('credential', (credential) =>
      credential
        .insertInto('account')
        .columns(['id', 'userId', 'providerId', 'issuer', 'accountId', 'password', 'createdAt', 'updatedAt'])
        .expression((eb) =>
          eb
            .selectFrom('made')
            .select([
              sql<string>`${newId('acc')}`.as('id'),
              'made.id as userId',
              sql<string>`'credential'`.as('providerId'),
              sql<string>`''`.as('issuer'),
              'made.id as accountId',
              sql<string | null>`${passwordHash ?? null}::text`.as('password'),
              sql<Date>`${now}::timestamptz`.as('createdAt'),
              sql<Date>`${now}::timestamptz`.as('updatedAt'),
            ])
            .where(sql<boolean>`${passwordHash !== undefined}`),
        ),
    )
    .selectFrom('made')
    .select('id')
    .executeTakeFirst();
  return inserted !== undefined;
}
