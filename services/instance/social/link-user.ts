import { z } from 'zod';
import { cutText, storable } from '../../../domain/text.ts';
import { appErrors } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from '../auth/auth-database.ts';
import { imageSchema } from '../auth/field-schemas.ts';
import { insertUser } from '../auth/insert-user.ts';
import type { ProveAddress } from '../auth/prove-address.ts';
import { isBanned } from '../auth/stored-user.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { isUniqueViolation } from '../auth/user-changes.ts';
import { findUserByEmail, findUserById } from '../auth/user-store.ts';
import type { SecurityNotices } from '../email/security-notices.ts';

/** Who a provider says somebody is. */
export interface Identity {
  providerId: string;
  /** Of an OIDC provider; empty for the others. */
  issuer: string;
  accountId: string;
  email: string;
  /** By a provider whose word counts for this address (address-authority.ts). */
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
  proveAddress: ProveAddress;
  notices: SecurityNotices;
  emailVerificationRequired: boolean;
}

/**
 * The user that an identity of a provider belongs to; made where there is none.
 *
 * An identity with a proven address is linked to the account with that address. Where the account was not proven to be that person's, its
 * other ways in are removed first. The address gets word of either.
 *
 * @throws conflict where the address is a user's and the provider has not proven it; forbidden where the address must be verified and the
 *   provider has not done so
 */
export type LinkUser = (identity: Identity) => Promise<LinkedUser>;

export function createLinkUser({ database, proveAddress, notices, emailVerificationRequired }: LinkUserDeps): LinkUser {
  async function linkTo(existing: StoredUser, identity: Identity): Promise<LinkedUser> {
    if (!identity.emailVerified) throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
    if (isBanned(existing)) throw appErrors.forbidden('banned');
    const tookOver = !existing.emailVerified;
    const user = tookOver ? await proveAddress(existing, { kind: 'contested' }) : existing;
    if (!user) throw new Error('A proof that consents to no sign-up was refused');
    await insertAccount(database, user.id, identity);
    notices.notifyProviderLinked(user.email, identity.providerId, { tookOver });
    return { user, isNew: false };
  }

  async function findOrMake(identity: Identity): Promise<LinkedUser> {
    const known = await findByAccount(database, identity);
    if (known) {
      if (emailVerificationRequired && !known.emailVerified) throw appErrors.forbidden('email_not_verified');
      return { user: known, isNew: false };
    }
    // Before anything is looked up by the address: whoever has not proven that it is theirs must not learn whether it is a user's.
    if (emailVerificationRequired && !identity.emailVerified) throw appErrors.forbidden('email_not_verified');
    const existing = await findUserByEmail(database, identity.email);
    if (existing) return linkTo(existing, identity);
    return { user: await database.transaction().execute((transaction) => makeUser(transaction, identity)), isNew: true };
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

/** By provider, issuer and subject: another issuer under the same name has other people under the same subjects. */
async function findByAccount(db: AuthExecutor, { providerId, issuer, accountId }: Identity): Promise<StoredUser | undefined> {
  const account = await db
    .selectFrom('account')
    .select(['id', 'userId', 'issuer'])
    .where('providerId', '=', providerId)
    .where('accountId', '=', accountId)
    .where((eb) => eb.or([eb('issuer', '=', issuer), eb('issuer', 'is', null)]))
    .orderBy('issuer', (order) => order.asc().nullsLast())
    .executeTakeFirst();
  // Made by a version before the column.
  if (account?.issuer === null) await db.updateTable('account').set({ issuer }).where('id', '=', account.id).execute();
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
async function insertAccount(db: AuthExecutor, userId: string, { providerId, issuer, accountId }: Identity): Promise<void> {
  const now = new Date();
  await db
    .insertInto('account')
    .values({ id: newId('acc'), userId, providerId, issuer, accountId, createdAt: now, updatedAt: now })
    .execute();
}
