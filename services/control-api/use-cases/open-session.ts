import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isAPIError } from 'better-auth/api';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { clientKey } from '../../shared/guard/client-key.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { clientAddressHeader } from '../auth/create-auth.ts';
import type { Auth } from '../auth/create-auth.ts';
import type { SessionTokens } from '../auth/session-tokens.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { findSession, findSessionByToken, hasAccount } from '../stores/account-store.ts';
import type { Account } from '../stores/account-store.ts';

interface SessionDeps {
  db: Kysely<Database>;
  auth: Auth;
  tokens: SessionTokens;
  guard: GuessGuard;
  gate: HashingGate;
  limits: { logIn: RateLimit };
}

export interface Client {
  address: string;
  userAgent: string;
}

export interface OpenedSession {
  /** The bearer token. */
  token: string;
  account: Account;
}

/** Makes an account and opens its first session. @throws AppError conflict where the address has an account */
export async function signUp(
  deps: SessionDeps,
  { name, email, password, client }: { name: string; email: string; password: string; client: Client },
): Promise<OpenedSession> {
  try {
    const request = { body: { name, email, password }, headers: clientHeaders(client) };
    const answer = await deps.gate.run(queueOf(client), () => deps.auth.api.signUpEmail(request));
    return await openSession(deps, answer.token);
  } catch (err) {
    const code = authErrorCode(err);
    // better-auth looks first and inserts then; of two at once the constraint stops one, and all it says is that the insert failed.
    const lostRace = code === 'FAILED_TO_CREATE_USER' && (await hasAccount(deps.db, email));
    if (lostRace || code === 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL') throw appErrors.conflict({ field: 'email', reason: 'is taken' });
    throw err;
  }
}

/** A refusal takes this long at least, so that nothing but the hash can be told from its time. The hash takes about 0.1 s. */
const refusalMs = 400;

/**
 * Opens a session.
 *
 * @throws AppError unauthorized, the same for a wrong password and an unknown address; rate_limit_exceeded after too many of either
 */
export async function logIn(
  deps: SessionDeps,
  { email, password, client }: { email: string; password: string; client: Client },
): Promise<OpenedSession> {
  const guess = { kind: 'password', account: email, client: clientKey(client.address) } as const;
  const answer = await deps.guard.attempt(guess, async () => {
    // After the guard, or somebody else's guesses would use it up. It names nobody in Redis.
    await deps.limits.logIn.count(createHash('sha256').update(email.toLowerCase()).digest('base64url'));
    let startedAt = performance.now();
    try {
      return await deps.gate.run(queueOf(client), () => {
        // The time in the queue is the same for all.
        startedAt = performance.now();
        return deps.auth.api.signInEmail({ body: { email, password }, headers: clientHeaders(client) });
      });
    } catch (err) {
      if (authErrorCode(err) !== 'INVALID_EMAIL_OR_PASSWORD') throw err;
      await delay(Math.max(0, refusalMs - (performance.now() - startedAt)));
      return undefined;
    }
  });
  if (!answer) throw appErrors.unauthorized('email_or_password_wrong');
  return openSession(deps, answer.token);
}

function queueOf({ address }: Client): string {
  return clientKey(address) ?? 'unknown';
}

async function openSession({ db, tokens }: SessionDeps, sessionToken: string | null): Promise<OpenedSession> {
  if (sessionToken === null) throw appErrors.internal(new Error('better-auth opened no session'));
  const { id: sessionId, userId, expiresAt } = await findSessionByToken(db, sessionToken);
  const account = await findSession(db, { sessionId, userId });
  if (!account) throw appErrors.internal(new Error('The new session is gone'));
  return { token: await tokens.issue({ userId, sessionId, expiresAt }), account };
}

function clientHeaders({ address, userAgent }: Client): Headers {
  return new Headers({ [clientAddressHeader]: address, 'user-agent': userAgent });
}

function authErrorCode(err: unknown): string | undefined {
  return isAPIError(err) ? (err.body as { code?: string } | undefined)?.code : undefined;
}
