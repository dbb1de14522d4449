import { z } from 'zod';
import { cutText, storable } from '../../../domain/text.ts';
import { appErrors } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from '../auth/auth-database.ts';
import { imageSchema } from '../auth/field-schemas.ts';
import { insertUser } from '../auth/insert-user.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { isUniqueViolation } from '../auth/user-changes.ts';
import { findUserByEmail, findUserById } from '../auth/user-store.ts';

/** Who a provider says somebody is. */
export interface Identity {
  providerId: string;
  accountId: string;
  email: string;
  emailVerified: boolean;
  name: string;
  image: string | null;
}

export interface LinkedUser {
  user: StoredUser;
  isNew: boolean;
}

interface LinkUserDeps {
  database: AuthDatabase;
  emailVerificationRequired: boolean;
}

/**
 * The user that an identity of a provider belongs to; made where there is none.
 *
 * @throws conflict where the e-mail address is that of a user who can't be proven to be the same person; forbidden where the address must be
 *   verified and the provider has not done so
 */
export type LinkUser = (identity: Identity) => Promise<LinkedUser>;

export function createLinkUser({ database, emailVerificationRequired }: LinkUserDeps): LinkUser {
  async function findOrMake(identity: Identity): Promise<LinkedUser> {
    return database.transaction().execute(async (transaction) => {
      const known = await findByAccount(transaction, identity);
      if (known) {
        if (emailVerificationRequired && !known.emailVerified) throw appErrors.forbidden('email_not_verified');
        return { user: known, isNew: false };
      }
      // Before anything is looked up by the address: whoever has not proven that it is theirs must not learn whether it is a user's.
      if (emailVerificationRequired && !identity.emailVerified) throw appErrors.forbidden('email_not_verified');
      const existing = await findUserByEmail(transaction, identity.email);
      if (!existing) return { user: await makeUser(transaction, identity), isNew: true };
      // Both sides must have proven the address. An account that somebody made with another's address would else get that person's identity,
      // and an identity with an unproven address somebody's account.
      if (!identity.emailVerified || !existing.emailVerified) throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
      await insertAccount(transaction, existing.id, identity);
      return { user: existing, isNew: false };
    });
  }

  return async (identity) => {
    try {
      return await findOrMake(identity);
    } catch (err) {
      // Two sign-ins of one new user at once: the other one has made the user, who is there now.
      if (isUniqueViolation(err)) return findOrMake(identity);
      throw err;
    }
  };
}

async function findByAccount(db: AuthExecutor, { providerId, accountId }: Identity): Promise<StoredUser | undefined> {
  const account = await db
    .selectFrom('account')
    .select('userId')
    .where('providerId', '=', providerId)
    .where('accountId', '=', accountId)
    .executeTakeFirst();
  return account && findUserById(db, account.userId);
}

async function makeUser(db: AuthExecutor, identity: Identity): Promise<StoredUser> {
  const id = newId('usr');
  const { email, emailVerified } = identity;
  const image = imageSchema.safeParse(identity.image);
  const name = z.string().trim().safeParse(identity.name);
  const isMade = await insertUser(db, {
    id,
    email,
    emailVerified,
    name: cutText(storable(name.data ?? ''), 100),
    image: image.data ?? null,
  });
  if (!isMade) throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
  await insertAccount(db, id, identity);
  const user = await findUserById(db, id);
  if (!user) throw new Error('A user that was just made is not there');
  return user;
}

// The provider's tokens are not kept: they are used once, to ask who this is.
async function insertAccount(db: AuthExecutor, userId: string, { providerId, accountId }: Identity): Promise<void> {
  const now = new Date();
  await db
    .insertInto('account')
    .values({ id: newId('acc'), userId, providerId, accountId, createdAt: now, updatedAt: now })
    .execute();
}
