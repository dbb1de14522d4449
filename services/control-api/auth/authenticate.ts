import type { Middleware } from 'koa';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import type { RequestState } from '../../shared/http/create-koa.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { findSession } from '../stores/account-store.ts';
import type { Account } from '../stores/account-store.ts';
import type { SessionTokens } from './session-tokens.ts';

/** State behind authenticate(). */
export interface AccountState extends RequestState {
  account: Account;
  sessionId: string;
}

interface AuthenticateDeps {
  db: Kysely<Database>;
  tokens: SessionTokens;
  limits: { reads: RateLimit; writes: RateLimit };
}

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Lets only requests with a valid bearer token pass, one whose session still exists: a logout works at once. Each is counted for its
 * account.
 */
export function authenticate({ db, tokens, limits }: AuthenticateDeps): Middleware<AccountState> {
  return async (ctx, next) => {
    const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(ctx.get('authorization')) ?? [];
    if (token === undefined) throw appErrors.unauthorized('bearer_token_required');
    const claims = await tokens.verify(token);
    const account = claims && (await findSession(db, claims));
    if (!claims || !account) throw appErrors.unauthorized('token_not_valid');
    await (readingMethods.has(ctx.method) ? limits.reads : limits.writes).count(account.id);
    ctx.state.account = account;
    ctx.state.sessionId = claims.sessionId;
    await next();
  };
}
