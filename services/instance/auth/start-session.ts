import { appErrors } from '../../shared/errors.ts';
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
 * @throws forbidden for a banned user
 */
export type StartSession = (user: StoredUser, client: ClientInfo) => Promise<SignInOutcome>;

export function createStartSession({ sessions, tokens }: { sessions: Sessions; tokens: OneTimeTokens }): StartSession {
  return async (user, client) => {
    if (isBanned(user)) throw appErrors.forbidden('banned');
    if (user.twoFactorEnabled !== true) return { signedIn: await sessions.open(user, client) };
    const { token, expiresAt } = await tokens.issue({ purpose: 'totp-challenge', userId: user.id, lifetimeSeconds: challengeSeconds });
    return { challenge: { challengeToken: token, expiresAt } };
  };
}
