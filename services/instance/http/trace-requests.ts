import type { Middleware } from 'koa';
import type { RequestState } from '../../shared/http/create-koa.ts';
import type { Tracing } from '../../shared/tracing.ts';
import { answeredRoute, observeStatus } from './observe-answer.ts';

/** Continues the proxy's trace, whose id the request's log lines have from here on. */
export function traceRequests(tracing: Tracing): Middleware<RequestState> {
  return (ctx, next) =>
    tracing.serve({ method: ctx.method, headers: ctx.req.headers }, async (span) => {
      if (!span) {
        await next();
        return;
      }
      ctx.state.log = ctx.state.log.child({ traceId: span.traceId });
      await observeStatus(ctx, next, (status) =>
        span.end({ route: answeredRoute(ctx), status, attributes: { 'authsome.request_id': ctx.state.requestId } }),
      );
    });
}
