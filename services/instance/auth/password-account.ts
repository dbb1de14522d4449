import { newId } from '../../shared/ids.ts';
import type { AuthExecutor } from './auth-database.ts';

/** Sets the password of a user, who may have had none. */
export async function setPasswordHash(db: AuthExecutor, userId: string, hash: string): Promise<void> {
  const now = new Date();
  const { numUpdatedRows } = await db
    .updateTable('account')
    .set({ password: hash, updatedAt: now })
    .where('userId', '=', userId)
    .where('providerId', '=', 'credential')
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const names = { id: newId('acc'), userId, providerId: 'credential', issuer: '', accountId: userId };
  const account = { ...names, password: hash, createdAt: now, updatedAt: now };
  await db.insertInto('account').values(account).execute();
}

/** Sets the password where it is still the one with `oldHash`. @returns whether it was */
export async function replacePasswordHash(db: AuthExecutor, userId: string, hashes: { oldHash: string; hash: string }): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('account')
    .set({ password: hashes.hash, updatedAt: new Date() })
    .where('userId', '=', userId)
    .where('providerId', '=', 'credential')
    .where('password', '=', hashes.oldHash)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
