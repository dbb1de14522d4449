import { setTimeout as delay } from 'node:timers/promises';
import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { HashingGate } from './hashing-gate.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PendingSignUps } from './pending-sign-ups.ts';
import type { ClientInfo } from './session-token.ts';
import type { SignInOutcome, StartSession } from './start-session.ts';
import { findPasswordHash, findUserByEmail } from './user-store.ts';

export interface Credentials {
  email: string;
  password: string;
}

/** @throws unauthorized, the same for an unknown address and a wrong password */
export type SignIn = (credentials: Credentials, client: ClientInfo) => Promise<SignInOutcome>;

interface SignInDeps {
  database: AuthDatabase;
  gate: HashingGate;
  hasher: PasswordHasher;
  startSession: StartSession;
  pendingSignUps: PendingSignUps;
  emailVerificationRequired: boolean;
  log: Log;
}

/**
 * A refusal takes this long at least. How long a hash takes depends on its form and cost, so the time alone would tell an imported or older
 * account from an unknown address.
 */
const refusalMs = 500;

export function createSignIn(deps: SignInDeps): SignIn {
  const { database, gate, hasher, startSession, pendingSignUps, emailVerificationRequired, log } = deps;

  /** An imported hash, or one of another cost, is replaced once the password is known to be right. */
  async function renewHash(userId: string, oldHash: string, password: string): Promise<void> {
    try {
      const newHash = await gate.run(() => hasher.hash(password));
      await database
        .updateTable('account')
        .set({ password: newHash, updatedAt: new Date() })
        .where('userId', '=', userId)
        .where('providerId', '=', 'credential')
        // Not where the password was changed meanwhile.
        .where('password', '=', oldHash)
        .execute();
    } catch (err) {
      log.warn({ err }, 'Password hash could not be renewed, the old one stays');
    }
  }

  return async ({ email, password }, client) => {
    const startedAt = performance.now();
    const user = await findUserByEmail(database, email);
    const hash = user && (await findPasswordHash(database, user.id));
    // Without a hash to compare with, one is made all the same: the work must not tell either.
    const valid = await gate.run(async () =>
      hash === undefined ? hasher.hash(password).then(() => false) : hasher.verify({ hash, password }),
    );
    if (!user || hash === undefined || !valid) {
      // The same for a verified address, with which anybody can sign up again: its own password is another one.
      if (user && (await pendingSignUps.matchesLatest(user.id, password))) throw appErrors.forbidden('email_not_verified');
      await delay(Math.max(0, refusalMs - (performance.now() - startedAt)));
      throw appErrors.unauthorized('invalid_credentials');
    }
    if (!hasher.isCurrent(hash)) await renewHash(user.id, hash, password);
    if (emailVerificationRequired && !user.emailVerified) throw appErrors.forbidden('email_not_verified');
    return startSession(user, client);
  };
}
