import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { appErrors } from '../../shared/errors.ts';
import { clientKey } from '../../shared/guard/client-key.ts';
import type { RequestState } from '../../shared/http/create-koa.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

/** Lets only requests with the operator's bearer token pass. Every request is counted, before its token is looked at. */
export function authenticateOperator({ token, limit }: { token: string; limit: RateLimit }): Middleware<RequestState> {
  const expected = digest(token);
  return async (ctx, next) => {
    await limit.count(clientKey(ctx.ip) ?? ctx.ip);
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
    if (!timingSafeEqual(digest(given), expected)) {
      ctx.state.log.warn({ address: ctx.ip }, 'Operator request without the token refused');
      throw appErrors.unauthorized('operator_token_required');
    }
    await next();
  };
}

/** Digests have one length, which timingSafeEqual() needs, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
