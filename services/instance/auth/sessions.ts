import { appErrors } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from './auth-database.ts';
import type { SessionStore } from './session-store.ts';
import type { SessionTimes } from './session-times.ts';
import { newSessionToken } from './session-token.ts';
import type { ClientInfo } from './session-token.ts';
import { isBanned } from './stored-user.ts';
import type { SignedIn, StoredSession, StoredUser } from './stored-user.ts';

/** What may be told of a session to whoever manages it: never the token, which is the session. */
export type SessionSummary = Omit<StoredSession, 'token' | 'userId'>;

export interface SessionPage {
  sessions: SessionSummary[];
  total: number;
}

interface SessionsDeps {
  database: AuthDatabase;
  store: SessionStore;
  times: SessionTimes;
}

/** Sessions: in PostgreSQL, with a copy in Redis that is read first. */
export type Sessions = ReturnType<typeof createSessions>;

export function createSessions({ database, store, times }: SessionsDeps) {
  const { timeoutSeconds, lifetimeSeconds, refreshAfterSeconds } = times;

  /** When a session ends that is used now. */
  function endFor(signedInAt: Date): Date {
    return new Date(Math.min(Date.now() + timeoutSeconds * 1_000, signedInAt.getTime() + lifetimeSeconds * 1_000));
  }

  async function find(token: string): Promise<SignedIn> {
    const found = await store.find(token);
    if (!found) throw appErrors.unauthorized('invalid_session');
    const { user, session } = found;
    // The lifetime may be shorter by now than when the session was prolonged last.
    const expiresAt = new Date(Math.min(session.expiresAt.getTime(), session.createdAt.getTime() + lifetimeSeconds * 1_000));
    if (expiresAt.getTime() <= Date.now()) {
      await store.delete(token);
      throw appErrors.unauthorized('invalid_session');
    }
    // A ban ends the sessions; this catches the one that a sign-in under way began in the same moment.
    if (isBanned(user)) throw appErrors.unauthorized('invalid_session');
    return { user, session: { ...session, expiresAt } };
  }

  async function prolong(found: SignedIn): Promise<SignedIn> {
    const prolonged = await store.prolong(found, endFor(found.session.createdAt));
    if (!prolonged) throw appErrors.unauthorized('invalid_session');
    return prolonged;
  }

  return {
    /**
     * Begins a session. Whoever calls has made sure who the user is.
     *
     * @param executor the transaction that still holds what they made sure of (hold-user.ts)
     */
    async open(user: StoredUser, client: ClientInfo, executor: AuthExecutor = database): Promise<SignedIn> {
      return store.insert(user, { token: newSessionToken(), expiresAt: endFor(new Date()), client }, executor);
    },

    /**
     * The session and its user; prolongs a session in use.
     *
     * @returns refreshed: whether this call prolonged it
     * @throws unauthorized where the session is unknown or has ended
     */
    async read(token: string): Promise<SignedIn & { refreshed: boolean }> {
      const found = await find(token);
      const gainedMs = endFor(found.session.createdAt).getTime() - found.session.expiresAt.getTime();
      if (gainedMs < refreshAfterSeconds * 1_000) return { ...found, refreshed: false };
      return { ...(await prolong(found)), refreshed: true };
    },

    /** Gives the session its whole time again, up to its lifetime. @throws unauthorized */
    async refresh(token: string): Promise<SignedIn> {
      return prolong(await find(token));
    },

    /** Ends the session; one that has ended already is fine. */
    async end(token: string): Promise<void> {
      await store.delete(token);
    },

    /** The user's sessions that have not ended, the latest begun first. */
    async list(userId: string, { page, pageSize }: { page: number; pageSize: number }): Promise<SessionPage> {
      const live = database
        .selectFrom('session')
        .where('userId', '=', userId)
        .where('expiresAt', '>', new Date())
        .where('createdAt', '>', new Date(Date.now() - lifetimeSeconds * 1_000));
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
      if (!isId('ses', id) || !(await store.deleteById(userId, id))) throw appErrors.notFound('session');
    },

    /** Ends every session of the user but one. */
    async endOthers(userId: string, keptId: string): Promise<void> {
      await store.deleteOthers(userId, keptId);
    },

    async endAll(userId: string): Promise<void> {
      await store.deleteAll(userId);
    },
  };
}
