import { sql } from 'kysely';
import type { Executor } from '../../shared/db/tables.ts';
import type { SessionClaims } from '../auth/session-tokens.ts';

export interface Account {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
  createdAt: Date;
}

/** The account of a session that has not ended, or undefined. */
export function findSession(db: Executor, { userId, sessionId }: SessionClaims): Promise<Account | undefined> {
  return db
    .selectFrom('sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .where('s.id', '=', sessionId)
    .where('s.user_id', '=', userId)
    .where('s.expires_at', '>', sql<Date>`now()`)
    .select(['u.id', 'u.name', 'u.email', 'u.email_verified as emailVerified', 'u.created_at as createdAt'])
    .executeTakeFirst();
}

/** The session that better-auth has just made; it answers with what it stored as the token only, a hash (auth/create-auth.ts). */
export function findSessionByToken(db: Executor, token: string): Promise<{ id: string; userId: string; expiresAt: Date }> {
  return db
    .selectFrom('sessions')
    .where('token', '=', token)
    .select(['id', 'user_id as userId', 'expires_at as expiresAt'])
    .executeTakeFirstOrThrow();
}

/** Ends a session: its token stops working with the next request. */
export async function deleteSession(db: Executor, sessionId: string): Promise<void> {
  await db.deleteFrom('sessions').where('id', '=', sessionId).execute();
}

/** Whether an e-mail address has an account; addresses are kept in lower case. */
export async function hasAccount(db: Executor, email: string): Promise<boolean> {
  const found = await db.selectFrom('users').where('email', '=', email.toLowerCase()).select('id').executeTakeFirst();
  return found !== undefined;
}
