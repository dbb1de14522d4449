import type { SignedIn, SignedUp } from '../auth/accounts.ts';
import { presentUser } from './present-user.ts';
import type { PresentedUser } from './present-user.ts';

export interface PresentedSession {
  user: PresentedUser;
  /** Null after a sign-up whose e-mail address must be verified first. */
  session: { token: string; expiresAt: string } | null;
}

export function presentSession({ user, session }: SignedIn | SignedUp): PresentedSession {
  return {
    user: presentUser(user),
    session: session && { token: session.token, expiresAt: new Date(session.expiresAt).toISOString() },
  };
}
