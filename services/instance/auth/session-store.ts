import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor, SessionTable } from './auth-database.ts';
import { hashToken } from './one-time-tokens.ts';
import type { SessionCache } from './session-cache.ts';
import type { ClientInfo } from './session-token.ts';
import type { SignedIn, StoredSession, StoredUser } from './stored-user.ts';
import { findUserById } from './user-store.ts';

/** A session without its token: what is stored, and copied to Redis. */
type SessionCopy = Omit<StoredSession, 'token'>;

interface NewSession {
  token: string;
  expiresAt: Date;
  client: ClientInfo;
}

/** Sessions at rest: rows in PostgreSQL with copies in Redis, both under the SHA-256 of the token. */
export type SessionStore = ReturnType<typeof createSessionStore>;

const columns = ['id', 'userId', 'createdAt', 'updatedAt', 'expiresAt', 'ipAddress', 'userAgent'] as const;

interface SessionStoreDeps {
  database: AuthDatabase;
  cache: SessionCache;
  /** The longest that a copy may be believed. */
  lifetimeSeconds: number;
}

export function createSessionStore({ database, cache, lifetimeSeconds }: SessionStoreDeps) {
  async function dropCopies(ended: readonly Pick<SessionTable, 'token'>[]): Promise<void> {
    await Promise.all(ended.map(({ token }) => cache.delete(token)));
  }

  async function findCopy(token: string): Promise<{ user: StoredUser; session: SessionCopy } | undefined> {
    const text = await cache.get(hashToken(token));
    if (text === null) return undefined;
    const copy = JSON.parse(text) as { user: StoredUser; session: SessionCopy };
    const endedBefore = Number(await cache.get(endedKey(copy.session.userId)));
    // A row that is gone without its copy, such as after the database was restored, could not be found to be ended: PostgreSQL decides.
    return new Date(copy.session.createdAt).getTime() < endedBefore ? undefined : copy;
  }

  return {
    /** @throws the database's error where the user is gone */
    async insert(user: StoredUser, { token, expiresAt, client }: NewSession, executor: AuthExecutor = database): Promise<SignedIn> {
      const now = new Date();
      const tokenHash = hashToken(token);
      const { ipAddress, userAgent } = client;
      const session = { id: newId('ses'), userId: user.id, createdAt: now, updatedAt: now, expiresAt, ipAddress, userAgent };
      // The copy first: a process that can see the row, to end the session, can also remove its copy.
      await cache.set(tokenHash, JSON.stringify({ session, user }), secondsUntil(expiresAt));
      try {
        await executor
          .insertInto('session')
          .values({ ...session, token: tokenHash })
          .execute();
      } catch (err) {
        await cache.delete(tokenHash);
        throw err;
      }
      const fresh = await findUserById(executor, user.id);
      // A change that was made in between has not seen the session, so its copy would keep the user as they were.
      if (fresh && JSON.stringify(fresh) !== JSON.stringify(user)) {
        await cache.replace(tokenHash, JSON.stringify({ session, user: fresh }), secondsUntil(expiresAt));
      }
      return { user: fresh ?? user, session: { ...session, token } };
    },

    async find(token: string): Promise<SignedIn | undefined> {
      const copy = await findCopy(token);
      if (copy) return withToken(copy, token);
      const session = await database
        .selectFrom('session')
        .select(columns)
        // A replica of a version before hashing may still run beside this one, and stores tokens as they are until prune() hashes them.
        .where('token', 'in', [hashToken(token), token])
        .executeTakeFirst();
      const user = session && (await findUserById(database, session.userId));
      return session && user ? withToken({ user, session }, token) : undefined;
    },

    /** @returns undefined where the session has ended; its copy is gone then */
    async prolong({ session }: SignedIn, expiresAt: Date): Promise<SignedIn | undefined> {
      const change = { expiresAt, updatedAt: new Date() };
      const tokenHash = hashToken(session.token);
      const { numUpdatedRows } = await database
        .updateTable('session')
        .set(change)
        .where('id', '=', session.id)
        .where('expiresAt', '>', new Date())
        .executeTakeFirst();
      const user = numUpdatedRows > 0n ? await findUserById(database, session.userId) : undefined;
      if (!user) {
        await cache.delete(tokenHash);
        return undefined;
      }
      const { token, ...copy } = { ...session, ...change };
      await cache.replace(tokenHash, JSON.stringify({ session: copy, user }), secondsUntil(expiresAt));
      return { user, session: { ...copy, token } };
    },

    async delete(token: string): Promise<void> {
      const tokenHash = hashToken(token);
      await database.deleteFrom('session').where('token', 'in', [tokenHash, token]).execute();
      await cache.delete(tokenHash);
    },

    /** @returns whether the user had such a session */
    async deleteById(userId: string, id: string): Promise<boolean> {
      const ended = await database.deleteFrom('session').where('id', '=', id).where('userId', '=', userId).returning('token').execute();
      await dropCopies(ended);
      return ended.length > 0;
    },

    async deleteOthers(userId: string, keptId: string): Promise<void> {
      await dropCopies(
        await database.deleteFrom('session').where('userId', '=', userId).where('id', '<>', keptId).returning('token').execute(),
      );
    },

    async deleteAll(userId: string): Promise<void> {
      await this.endCopies(userId, await database.deleteFrom('session').where('userId', '=', userId).returning('token').execute());
    },

    /** For sessions whose rows are deleted: ends their copies, and any other that Redis has of the user. */
    async endCopies(userId: string, ended: readonly Pick<SessionTable, 'token'>[]): Promise<void> {
      await cache.set(endedKey(userId), String(Date.now()), lifetimeSeconds);
      await dropCopies(ended);
    },
  };
}

/** Outlives the user: one who was erased must not be named by what remains. */
function endedKey(userId: string): string {
  return `ended-${hashToken(userId)}`;
}

// Read from Redis the dates are text.
function withToken({ user, session }: { user: StoredUser; session: SessionCopy }, token: string): SignedIn {
  const { createdAt, updatedAt, expiresAt, ...rest } = session;
  const dates = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt), expiresAt: new Date(expiresAt) };
  return { user, session: { ...rest, ...dates, token } };
}

function secondsUntil(time: Date): number {
  return Math.max(1, Math.floor((time.getTime() - Date.now()) / 1_000));
}
