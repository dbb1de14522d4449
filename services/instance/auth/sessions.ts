import { appErrors } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';
import type { SessionCache } from './session-cache.ts';
import type { ClientInfo } from './session-token.ts';
import { isBanned } from './stored-user.ts';
import type { SignedIn, StoredSession, StoredUser } from './stored-user.ts';
import { findUserById } from './user-store.ts';

/** What may be told of a session to whoever manages it: never the token, which is the session. */
export type SessionSummary = Omit<StoredSession, 'token' | 'userId'>;

export interface SessionPage {
  sessions: SessionSummary[];
  total: number;
}

interface SessionsDeps {
  auth: Auth;
  database: AuthDatabase;
  cache: SessionCache;
  /** Seconds after which a session in use is prolonged. */
  refreshAfterSeconds: number;
  /** Seconds of disuse after which it ends. */
  timeoutSeconds: number;
}

/** Sessions: in PostgreSQL, with a copy in Redis that is read first. */
export type Sessions = ReturnType<typeof createSessions>;

export function createSessions({ auth, database, cache, refreshAfterSeconds, timeoutSeconds }: SessionsDeps) {
  async function find(token: string): Promise<SignedIn> {
    const { internalAdapter } = await auth.$context;
    const found = (await internalAdapter.findSession(token)) as SignedIn | null;
    if (!found) throw appErrors.unauthorized('invalid_session');
    if (new Date(found.session.expiresAt).getTime() <= Date.now()) {
      await internalAdapter.deleteSession(token);
      throw appErrors.unauthorized('invalid_session');
    }
    // A ban ends the sessions; this catches the one that a sign-in under way began in the same moment.
    if (isBanned(found.user)) throw appErrors.unauthorized('invalid_session');
    return found;
  }

  async function prolong({ session }: SignedIn): Promise<SignedIn> {
    const { token, userId } = session;
    const now = Date.now();
    const change = { expiresAt: new Date(now + timeoutSeconds * 1_000), updatedAt: new Date(now) };
    // Not by better-auth's updateSession: it writes the copy before the row, and so could bring a session back that ends in between.
    const { numUpdatedRows } = await database
      .updateTable('session')
      .set(change)
      .where('token', '=', token)
      .where('expiresAt', '>', new Date(now))
      .executeTakeFirst();
    const user = numUpdatedRows > 0n ? await findUserById(database, userId) : undefined;
    if (!user) {
      await cache.delete(token);
      throw appErrors.unauthorized('invalid_session');
    }
    const prolonged = { user, session: { ...session, ...change } };
    await cache.replace(token, JSON.stringify(prolonged), timeoutSeconds);
    return prolonged;
  }

  return {
    /** Begins a session. Whoever calls has made sure who the user is. */
    async open(user: StoredUser, { ipAddress, userAgent }: ClientInfo): Promise<SignedIn> {
      const session = await (await auth.$context).internalAdapter.createSession(user.id, false, { ipAddress, userAgent });
      return { user, session: session as StoredSession };
    },

    /**
     * The session and its user; prolongs a session in use.
     *
     * @returns refreshed: whether this call prolonged it
     * @throws unauthorized where the session is unknown or has ended
     */
    async read(token: string): Promise<SignedIn & { refreshed: boolean }> {
      const found = await find(token);
      const leftMs = new Date(found.session.expiresAt).getTime() - Date.now();
      if (leftMs > (timeoutSeconds - refreshAfterSeconds) * 1_000) return { ...found, refreshed: false };
      return { ...(await prolong(found)), refreshed: true };
    },

    /** Gives the session its whole time again. @throws unauthorized */
    async refresh(token: string): Promise<SignedIn> {
      return prolong(await find(token));
    },

    /** Ends the session; one that has ended already is fine. */
    async end(token: string): Promise<void> {
      await (await auth.$context).internalAdapter.deleteSession(token);
    },

    /** The user's sessions that have not ended, the latest begun first. */
    async list(userId: string, { page, pageSize }: { page: number; pageSize: number }): Promise<SessionPage> {
      const live = database.selectFrom('session').where('userId', '=', userId).where('expiresAt', '>', new Date());
      const [sessions, { total }] = await Promise.all([
        live
          .select(['id', 'createdAt', 'updatedAt', 'expiresAt', 'ipAddress', 'userAgent'])
          .orderBy('createdAt', 'desc')
          .orderBy('id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        live.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { sessions, total: Number(total) };
    },

    /** Ends one session of the user. @throws not_found, for another user's session too */
    async endOne(userId: string, id: string): Promise<void> {
      const found = isId('ses', id)
        ? await database.selectFrom('session').select('token').where('id', '=', id).where('userId', '=', userId).executeTakeFirst()
        : undefined;
      if (!found) throw appErrors.notFound('session');
      await this.end(found.token);
    },

    /** Ends every session of the user but one. */
    async endOthers(userId: string, keptToken: string): Promise<void> {
      const others = await database
        .selectFrom('session')
        .select('token')
        .where('userId', '=', userId)
        .where('token', '<>', keptToken)
        .execute();
      if (others.length > 0) await (await auth.$context).internalAdapter.deleteSessions(others.map(({ token }) => token));
    },

    async endAll(userId: string): Promise<void> {
      await (await auth.$context).internalAdapter.deleteUserSessions(userId);
    },
  };
}
