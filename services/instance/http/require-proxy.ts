import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { appErrors } from '../../shared/errors.ts';
import type { Caller, InstanceState } from './caller.ts';

interface RequireProxyOptions {
  appId: string;
  instanceToken: string;
}

/**
 * Lets in only requests that carry this tenant's token: network policy is the first lock, this is the second. The other internal headers
 * mean something only behind it.
 */
export function requireProxy({ appId, instanceToken }: RequireProxyOptions): Middleware<InstanceState> {
  const expected = digest(instanceToken);
  return async (ctx, next) => {
    // Digests have one length, which timingSafeEqual needs, and do not tell the token's own.
    const presented = timingSafeEqual(digest(ctx.get('x-authsome-instance-token')), expected);
    if (!presented || ctx.get('x-authsome-app-id') !== appId) throw appErrors.unauthorized('proxy_required');
    ctx.state.caller = readCaller(ctx.get('x-authsome-key-type'), ctx.get('x-authsome-scopes'));
    await next();
  };
}

function readCaller(keyType: string, scopes: string): Caller {
  if (keyType !== 'public' && keyType !== 'secret') throw appErrors.unauthorized('proxy_required');
  return { keyType, scopes: new Set(scopes.split(' ').filter((scope) => scope !== '')) };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
