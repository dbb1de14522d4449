import { appErrors } from '../../shared/errors.ts';
import type { AuthDatabase } from './auth-database.ts';
import { holdUser } from './hold-user.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import { isBanned } from './stored-user.ts';
import type { SignedIn, StoredUser } from './stored-user.ts';

/** A second factor is still to be shown, with this token. */
export interface Challenge {
  challengeToken: string;
  expiresAt: Date;
}

export type SignInOutcome = { signedIn: SignedIn } | { challenge: Challenge };

/** Time to take the phone out. */
const challengeSeconds = 600;

/**
 * What every way of signing in ends with, after it has proven who the user is: a session, or a challenge where they have a second factor.
 *
 * @param passwordHash where they were proven by a password: what it was compared with
 * @throws forbidden for a banned user, unauthorized where the password is another one by now
 */
export type StartSession = (user: StoredUser, client: ClientInfo, passwordHash?: string) => Promise<SignInOutcome>;

interface StartSessionDeps {
  database: AuthDatabase;
  sessions: Sessions;
  tokens: OneTimeTokens;
}

export function createStartSession({ database, sessions, tokens }: StartSessionDeps): StartSession {
  return ({ id }, client, passwordHash) =>
    database.transaction().execute(async (transaction) => {
      const user = await holdUser(transaction, id, passwordHash);
      if (!user) throw appErrors.unauthorized('invalid_credentials');
      if (isBanned(user)) throw appErrors.forbidden('banned');
      if (user.twoFactorEnabled !== true) return { signedIn: await sessions.open(user, client, transaction) };
      const { token, expiresAt } = await tokens.issue(
        { purpose: 'totp-challenge', userId: id, lifetimeSeconds: challengeSeconds },
        transaction,
      );
      return { challenge: { challengeToken: token, expiresAt } };
    });
}
