import type { Middleware } from 'koa';
import type { RequestState } from '../../shared/http/create-koa.ts';
import type { Tracing } from '../../shared/tracing.ts';
import { answeredRoute, statusOfError } from './answered-route.ts';

/** Continues the proxy's trace, whose id the request's log lines have from here on. */
export function traceRequests(tracing: Tracing): Middleware<RequestState> {
  return (ctx, next) =>
    tracing.serve({ method: ctx.method, headers: ctx.req.headers }, async (span) => {
      if (!span) {
        await next();
        return;
      }
      ctx.state.log = ctx.state.log.child({ traceId: span.traceId });
      let status = 500;
      try {
        await next();
        status = ctx.status;
      } catch (err) {
        status = statusOfError(err);
        throw err;
      } finally {
        span.end({ route: answeredRoute(ctx), status, attributes: { 'authsome.request_id': ctx.state.requestId } });
      }
    });
}
