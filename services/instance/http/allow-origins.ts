import type { Middleware } from 'koa';
import type { InstanceState } from './caller.ts';

/** A browser asks again after this time; Chromium's own upper bound. */
const preflightMaxAgeSeconds = 7_200;
const exposedHeaders = [
  ...['X-AuthSome-App-ID', 'X-AuthSome-Request-ID', 'X-AuthSome-Region'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After'],
].join(', ');

/**
 * CORS for the origins that the application's owner has listed. Credentials are never allowed: there are no cookies. Another origin gets no
 * headers, and its browser refuses the answer.
 */
export function allowOrigins(origins: readonly string[]): Middleware<InstanceState> {
  const allowed = new Set(origins.map((origin) => new URL(origin).origin));
  return async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.get('origin');
    if (allowed.has(origin)) {
      ctx.set('Access-Control-Allow-Origin', origin);
      ctx.set('Access-Control-Expose-Headers', exposedHeaders);
    }
    const isPreflight = ctx.method === 'OPTIONS' && ctx.get('access-control-request-method') !== '';
    if (!isPreflight) {
      await next();
      return;
    }
    if (allowed.has(origin)) {
      ctx.set('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE');
      ctx.set('Access-Control-Allow-Headers', 'Authorization, Content-Type, X-Session-Token, X-AuthSome-Request-ID');
      ctx.set('Access-Control-Max-Age', String(preflightMaxAgeSeconds));
    }
    ctx.status = 204;
  };
}
