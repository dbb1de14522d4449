import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from './auth-database.ts';
import { replacePasswordHash } from './password-account.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PendingSignUps } from './pending-sign-ups.ts';
import type { RefusalTime } from './refusal-time.ts';
import type { ClientInfo } from './session-token.ts';
import type { SignInOutcome, StartSession } from './start-session.ts';
import type { StoredUser } from './stored-user.ts';
import { findPasswordHash, findUserByEmail } from './user-store.ts';

export interface Credentials {
  email: string;
  password: string;
}

/** @throws unauthorized, the same for an unknown address and a wrong password; rate_limit_exceeded after too many of either */
export type SignIn = (credentials: Credentials, client: ClientInfo) => Promise<SignInOutcome>;

interface SignInDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  gate: HashingGate;
  hasher: PasswordHasher;
  refusalTime: RefusalTime;
  startSession: StartSession;
  pendingSignUps: PendingSignUps;
  emailVerificationRequired: boolean;
  log: Log;
}

export function createSignIn(deps: SignInDeps): SignIn {
  const { database, guard, gate, hasher, refusalTime, startSession, pendingSignUps, emailVerificationRequired, log } = deps;

  /**
   * An imported hash, or one of another cost, is replaced once the password is known to be right.
   *
   * @returns the hash that the account has now, or undefined where that is another password's
   */
  async function renewHash(user: StoredUser, oldHash: string, password: string, queue: string): Promise<string | undefined> {
    try {
      const newHash = await gate.run(queue, () => hasher.hash(password));
      if (await replacePasswordHash(database, user.id, { oldHash, hash: newHash })) return newHash;
      // Another sign-in may have renewed it.
      const hash = await findPasswordHash(database, user.id);
      return hash !== undefined && (await gate.run(queue, () => hasher.verify({ hash, password }))) ? hash : undefined;
    } catch (err) {
      log.warn({ err }, 'Password hash could not be renewed, the old one stays');
      return oldHash;
    }
  }

  /** The user whose password it is. Everyone else waits as long as the costliest hash would take, known or not. */
  async function findUser({ email, password }: Credentials, queue: string): Promise<{ user: StoredUser; hash: string } | undefined> {
    const user = await findUserByEmail(database, email);
    const hash = user && (await findPasswordHash(database, user.id));
    let startedAt = performance.now();
    const match = await gate.run(queue, () => {
      // The time in the queue is the same for all.
      startedAt = performance.now();
      return compare(password, user?.id, hash);
    });
    if (user && hash !== undefined && match === 'account') return { user, hash };
    // The same for a verified address, with which anyone can sign up again: its own password is another one.
    if (match === 'pending') throw appErrors.forbidden('email_not_verified');
    await refusalTime.waitSince(startedAt, hash);
    return undefined;
  }

  async function compare(password: string, userId: string | undefined, hash: string | undefined): Promise<'account' | 'pending' | 'none'> {
    // Without a hash to compare with, one is made anyway: the work must not tell either.
    if (hash === undefined) await hasher.hash(password);
    else if (await hasher.verify({ hash, password })) return 'account';
    return userId !== undefined && (await pendingSignUps.matchesLatest(userId, password)) ? 'pending' : 'none';
  }

  return async (credentials, client) => {
    const { email, password } = credentials;
    const queue = client.key ?? email;
    const found = await guard.attempt({ kind: 'password', account: email, client: client.key }, () => findUser(credentials, queue));
    if (!found) throw appErrors.unauthorized('invalid_credentials');
    const { user } = found;
    const hash = hasher.isRenewable(found.hash, password) ? await renewHash(user, found.hash, password, queue) : found.hash;
    if (hash === undefined) throw appErrors.unauthorized('invalid_credentials');
    if (emailVerificationRequired && !user.emailVerified) throw appErrors.forbidden('email_not_verified');
    return startSession(user, client, hash);
  };
}
