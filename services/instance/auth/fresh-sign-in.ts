import { appErrors } from '../../shared/errors.ts';
import type { Passwords } from './passwords.ts';
import type { ClientInfo } from './session-token.ts';
import type { SignedIn, StoredSession } from './stored-user.ts';

/** A refresh prolongs a session but does not make it fresh: only a sign-in does. */
const freshMs = 15 * 60_000;

/** @throws forbidden (`session_not_fresh`) where the session's sign-in was longer ago than 15 minutes */
export function requireFreshSignIn({ createdAt }: Pick<StoredSession, 'createdAt'>): void {
  if (Date.now() - new Date(createdAt).getTime() >= freshMs) throw appErrors.forbidden('session_not_fresh');
}

/**
 * Makes sure that the person is present before a step that a stolen session must not take: by the password, or where the user has none by a
 * fresh sign-in.
 *
 * @throws unauthorized for a wrong password, forbidden for a session that is not fresh
 */
export type ConfirmPresence = (signedIn: SignedIn, password: string | undefined, client: ClientInfo) => Promise<void>;

export function createConfirmPresence(passwords: Passwords): ConfirmPresence {
  return async ({ user, session }, password, client) => {
    if ((await passwords.confirm(user, password, client)) === 'has_none') requireFreshSignIn(session);
  };
}
