import { sql } from 'kysely';
import type { Executor } from '../../shared/db/tables.ts';
import { planNames } from '../../shared/plans.ts';
import type { Plan } from '../../shared/plans.ts';
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

/** Holds an account until the transaction ends: what is counted for it stays true. Logins go on. */
export async function lockAccount(tx: Executor, userId: string): Promise<void> {
  await tx.selectFrom('users').where('id', '=', userId).select('id').forNoKeyUpdate().execute();
}

/** As lockAccount(), the owners of a workspace, in one order. Lock the workspace first, as everywhere. @returns their ids */
export async function lockOwners(tx: Executor, workspaceId: string): Promise<string[]> {
  const owners = await tx
    .selectFrom('users as u')
    .innerJoin('members as m', 'm.user_id', 'u.id')
    .where('m.workspace_id', '=', workspaceId)
    .where('m.role', '=', 'owner')
    .orderBy('u.id')
    .select('u.id')
    .forNoKeyUpdate('u')
    .execute();
  return owners.map(({ id }) => id);
}

/** The best plan among the workspaces that an account is a member of; free without any. */
export async function findBestPlan(db: Executor, userId: string): Promise<Plan> {
  const rows = await db
    .selectFrom('workspaces as w')
    .innerJoin('members as m', 'm.workspace_id', 'w.id')
    .where('m.user_id', '=', userId)
    .where('w.deleted_at', 'is', null)
    .select('w.plan')
    .distinct()
    .execute();
  return planNames.findLast((plan) => rows.some((row) => row.plan === plan)) ?? 'free';
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
