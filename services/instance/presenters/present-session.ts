import type { SessionSummary } from '../auth/sessions.ts';
import type { SignedUp } from '../auth/sign-up.ts';
import type { Challenge } from '../auth/start-session.ts';
import type { SignedIn } from '../auth/stored-user.ts';
import { presentUser } from './present-user.ts';
import type { PresentedUser } from './present-user.ts';

export interface PresentedSession {
  user: PresentedUser;
  /** Null after a sign-up whose e-mail address must be verified first. */
  session: { token: string; expiresAt: string } | null;
}

export interface PresentedChallenge {
  twoFactorRequired: true;
  challengeToken: string;
  expiresAt: string;
}

/** A session in a listing: enough to recognise it, and never its token. */
export interface PresentedSessionSummary {
  id: string;
  createdAt: string;
  /** When it was prolonged last. */
  updatedAt: string;
  expiresAt: string;
  ipAddress: string | null;
  userAgent: string | null;
}

export function presentSession({ user, session }: SignedIn | SignedUp): PresentedSession {
  return {
    user: presentUser(user),
    session: session && { token: session.token, expiresAt: new Date(session.expiresAt).toISOString() },
  };
}

export function presentChallenge({ challengeToken, expiresAt }: Challenge): PresentedChallenge {
  return { twoFactorRequired: true, challengeToken, expiresAt: expiresAt.toISOString() };
}

export function presentSessionSummary({
  id,
  createdAt,
  updatedAt,
  expiresAt,
  ipAddress,
  userAgent,
}: SessionSummary): PresentedSessionSummary {
  return {
    ...{ id, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString(), expiresAt: expiresAt.toISOString() },
    // better-auth stores an empty text for what is not known.
    ...{ ipAddress: ipAddress || null, userAgent: userAgent || null },
  };
}
