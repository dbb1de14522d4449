import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { appErrors } from '../services/shared/errors.ts';
import type { RouteApiKey } from '../services/shared/routes/route.ts';
import type { Tracing } from '../services/shared/tracing.ts';
import { clientAddress } from './http/client-address.ts';
import { readRequestBody } from './http/read-request-body.ts';
import type { Exchange } from './http/start-exchange.ts';
import { checkStatus } from './passes/check-status.ts';
import { isPreflight } from './passes/detect-preflight.ts';
import { isOpenToAll } from './passes/open-paths.ts';
import { requestsPerSecond, untouchedBucket } from './passes/limit-rate.ts';
import type { RateLimiter, RateVerdict } from './passes/limit-rate.ts';
import { parsePath } from './passes/parse-path.ts';
import { stripRequestHeaders } from './passes/strip-headers.ts';
import { verifyKey } from './passes/verify-key.ts';
import type { RouteCache } from './routes/route-cache.ts';
import type { Forwarder } from './upstream/create-forwarder.ts';
import type { UpstreamAgents } from './upstream/upstream-agents.ts';

export interface PassDeps {
  routes: Pick<RouteCache, 'get'>;
  limiter: RateLimiter;
  agents: UpstreamAgents;
  forwarder: Forwarder;
  tracing: Tracing;
  /** Reverse proxies in front of this one. */
  trustedProxies: number;
  /** Milliseconds. */
  now: () => number;
}

type Caller = Pick<RouteApiKey, 'id' | 'type' | 'scopes'>;

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The passes of a request, in order; each throws the error that it is answered with. */
export function createPasses(deps: PassDeps): (exchange: Exchange) => Promise<void> {
  const { routes, limiter, agents, forwarder, tracing, trustedProxies, now } = deps;

  return async (exchange) => {
    const { req, res, method } = exchange;
    tellRate(res, untouchedBucket(requestsPerSecond.free, now()));
    if (!methods.has(method)) throw appErrors.invalidRequest({ field: 'method', reason: 'is not supported' });

    // 1. parse the path
    const { appId, path, upstreamUrl } = parsePath(exchange.url);
    exchange.appId = appId;
    res.setHeader('X-AuthSome-App-ID', appId);

    // 2. resolve the route
    const resolved = await routes.get(appId);
    if (!resolved) throw appErrors.notFound('application');
    const { route } = resolved;
    const perSecond = requestsPerSecond[route.plan];
    tellRate(res, untouchedBucket(perSecond, now()));

    // 3. verify the API key
    const needsKey = !isPreflight(req) && !isOpenToAll(method, path, req.headers.authorization);
    const caller: Caller = needsKey ? verifyKey(req.headers.authorization, route.keys, now()) : keylessCaller(appId);

    // 4. limit its rate
    const verdict = limiter.take(caller.id, perSecond);
    tellRate(res, verdict);
    if (!verdict.allowed) throw appErrors.rateLimited(verdict.retryAfterSeconds);

    // 5. check the status
    const upstream = checkStatus(resolved);

    // 6. strip the headers and add ours
    const connection = agents.get(appId, upstream.url);
    const headers: OutgoingHttpHeaders = {
      ...stripRequestHeaders(req.headers),
      host: new URL(upstream.url).host,
      'x-forwarded-for': clientAddress(req, trustedProxies),
      'x-forwarded-proto': forwardedProtocol(exchange, trustedProxies),
      ...(req.headers.host === undefined ? {} : { 'x-forwarded-host': req.headers.host }),
      'x-authsome-instance-token': upstream.instanceToken,
      'x-authsome-app-id': appId,
      'x-authsome-request-id': exchange.requestId,
      'x-authsome-key-type': caller.type,
      'x-authsome-scopes': caller.scopes.join(' '),
    };

    // 7. forward
    const body = await readRequestBody(req);
    await tracing.call({ name: `${method} instance`, headers }, (traced) =>
      forwarder.forward({ req, res, connection, url: upstreamUrl, headers: traced, body }),
    );
  };
}

/** Who needs no key may what a browser may; all such requests of an application share one bucket. */
function keylessCaller(appId: string): Caller {
  return { id: `keyless ${appId}`, type: 'public', scopes: [] };
}

function tellRate(res: ServerResponse, { limit, remaining, resetAt }: RateVerdict): void {
  res.setHeader('X-RateLimit-Limit', limit);
  res.setHeader('X-RateLimit-Remaining', remaining);
  res.setHeader('X-RateLimit-Reset', resetAt);
}

function forwardedProtocol({ req }: Exchange, trustedProxies: number): string {
  const told = req.headers['x-forwarded-proto'];
  return trustedProxies > 0 && told === 'https' ? 'https' : 'http';
}
