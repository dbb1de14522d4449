import type { Middleware } from 'koa';
import { preflightAllowance, readableBy } from '../../shared/http/cors.ts';
import type { InstanceState } from './caller.ts';

/**
 * CORS for the origins that the application's owner has listed. Another origin gets no headers, and its browser refuses the answer.
 * Preflights come this far only while the proxy does not know the origins.
 */
export function allowOrigins(origins: readonly string[]): Middleware<InstanceState> {
  const allowed = new Set(origins.map((origin) => new URL(origin).origin));
  return async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.get('origin');
    const isAllowed = allowed.has(origin);
    if (isAllowed) ctx.set(readableBy(origin));
    const isPreflight = ctx.method === 'OPTIONS' && ctx.get('access-control-request-method') !== '';
    if (!isPreflight) {
      await next();
      return;
    }
    if (isAllowed) ctx.set(preflightAllowance);
    ctx.status = 204;
  };
}
