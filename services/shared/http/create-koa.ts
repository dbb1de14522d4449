import Koa from 'koa';
import { isOutage } from '../db/is-outage.ts';
import { AppError, appErrors, renderError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Log } from '../log.ts';
import { noTracing } from '../tracing.ts';
import type { Tracing } from '../tracing.ts';
import { answeredRoute } from './answered-route.ts';
import { createLineLimit } from './limit-lines.ts';
import { transportSecurity } from './security-headers.ts';

export const requestIdHeader = 'X-AuthSome-Request-ID';

/** What every request carries. */
export interface RequestState {
  requestId: string;
  /** Bound to the request's id. */
  log: Log;
}

export type RequestContext = Koa.ParameterizedContext<RequestState>;

interface CreateKoaOptions {
  log: Log;
  /** Reverse proxies in front whose X-Forwarded-For entries are believed; 0 takes the socket's address. */
  trustedProxies?: number;
  /** Where each request is to be a trace. */
  tracing?: Tracing;
}

const acceptedRequestId = /^req_[A-Za-z0-9]{8,64}$/;
const quietPaths = new Set(['/health', '/ready']);

/** A Koa application with request ids, the product's error format and an access log; routes are added by the caller. */
export function createKoa({ log, trustedProxies = 0, tracing = noTracing }: CreateKoaOptions): Koa<RequestState> {
  const koa = new Koa<RequestState>({ proxy: trustedProxies > 0, maxIpsCount: trustedProxies });
  // Koa prints what reaches its own handler; only faults of a socket that is already answered come this far.
  koa.silent = true;
  koa.on('error', (err: unknown) => log.debug({ err }, 'Response failed'));

  const admitLine = createLineLimit();

  koa.use((ctx, next) => {
    // Probes come every few seconds and say nothing.
    if (quietPaths.has(ctx.path)) return answer(ctx, next, log);
    return tracing.serve(ctx, async (span) => {
      const startedAt = performance.now();
      await answer(ctx, next, log);
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      const { admitted, leftOut } = admitLine({ refused: ctx.status >= 400 && ctx.status < 500 });
      const facts = { method: ctx.method, path: ctx.path, status: ctx.status, durationMs };
      if (admitted) ctx.state.log.info(leftOut === 0 ? facts : { ...facts, leftOut }, 'Request answered');
      span?.end({ route: answeredRoute(ctx), status: ctx.status, attributes: { 'authsome.request_id': ctx.state.requestId } });
    });
  });
  return koa;
}

/** Never rejects: what the routes throw is the answer. */
async function answer(ctx: RequestContext, next: () => Promise<unknown>, log: Log): Promise<void> {
  const given = ctx.get(requestIdHeader);
  const requestId = acceptedRequestId.test(given) ? given : newId('req');
  ctx.state.requestId = requestId;
  ctx.state.log = log.child({ requestId });
  ctx.set(requestIdHeader, requestId);
  if (ctx.secure) ctx.set(transportSecurity.name, transportSecurity.value);
  try {
    await next();
    if (ctx.status === 404 && ctx.body === undefined) throw appErrors.notFound('path');
  } catch (err) {
    answerError(ctx, err);
  }
}

function answerError(ctx: RequestContext, err: unknown): void {
  // What comes back by itself is for the caller to try again, which a 500 does not say.
  const shown = !(err instanceof AppError) && isOutage(err) ? appErrors.unavailable('upstream') : err;
  const { status, headers, body } = renderError(shown, ctx.state.requestId);
  if (status >= 500) ctx.state.log.error({ err: err instanceof AppError && err.cause !== undefined ? err.cause : err }, 'Request failed');
  ctx.set(headers);
  ctx.status = status;
  ctx.body = body;
}
