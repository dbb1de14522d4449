import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { appErrors } from '../services/shared/errors.ts';
import type { RouteApiKey } from '../services/shared/routes/route.ts';
import type { Tracing } from '../services/shared/tracing.ts';
import type { BodyBudget } from '../services/shared/http/body-budget.ts';
import { transportSecurity } from '../services/shared/http/security-headers.ts';
import { allowOrigin, answerPreflight } from './http/allow-origin.ts';
import { answerKeySet } from './http/answer-key-set.ts';
import { clientAddress } from './http/client-address.ts';
import { clientGroup } from './http/client-group.ts';
import { bodyLimit, readRequestBody } from './http/read-request-body.ts';
import type { Exchange } from './http/start-exchange.ts';
import { checkStatus } from './passes/check-status.ts';
import { isPreflight } from './passes/detect-preflight.ts';
import type { ClientLimits } from './passes/limit-clients.ts';
import { isOpenToAll } from './passes/open-paths.ts';
import { requestsPerSecond, untouchedBucket } from './passes/limit-rate.ts';
import type { RateLimiter, RateVerdict } from './passes/limit-rate.ts';
import { parsePath } from './passes/parse-path.ts';
import { stripRequestHeaders } from './passes/strip-headers.ts';
import { verifyKey } from './passes/verify-key.ts';
import type { RouteCache } from './routes/route-cache.ts';
import type { Forwarder } from './upstream/create-forwarder.ts';
import type { JwksCache } from './upstream/jwks-cache.ts';
import type { UpstreamAgents } from './upstream/upstream-agents.ts';

export interface PassDeps {
  routes: Pick<RouteCache, 'get' | 'knows'>;
  limiter: RateLimiter;
  clients: ClientLimits;
  /** An application is an owner of it. */
  bodies: BodyBudget;
  jwks: JwksCache;
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
  const { routes, limiter, clients, bodies, agents, jwks, forwarder, tracing, trustedProxies, now } = deps;

  return async (exchange) => {
    const { req, res, method } = exchange;
    const protocol = forwardedProtocol(exchange, trustedProxies);
    if (protocol === 'https') res.setHeader(transportSecurity.name, transportSecurity.value);
    tellRate(res, untouchedBucket(requestsPerSecond.free, now()));
    if (!methods.has(method)) throw appErrors.invalidRequest({ field: 'method', reason: 'is not supported' });

    // 1. parse the path
    const { appId, path, upstreamUrl } = parsePath(exchange.url);
    exchange.appId = appId;
    res.setHeader('X-AuthSome-App-ID', appId);

    // 2. resolve the route
    const address = clientAddress(req, trustedProxies);
    const client = clientGroup(address);
    if (!routes.knows(appId)) charge(res, clients.takeUnheard(client));
    const resolved = await routes.get(appId);
    if (!resolved) throw appErrors.notFound('application');
    const { route } = resolved;
    exchange.allowedOrigins = route.allowedOrigins;
    const perSecond = requestsPerSecond[route.plan];
    tellRate(res, untouchedBucket(perSecond, now()));

    // 3. verify the API key; what needs none is limited by its client first
    const preflight = isPreflight(req);
    const forKeySet = isOpenToAll(method, path, req.headers.authorization);
    if (preflight) charge(res, clients.takePreflight(client, appId));
    if (forKeySet) charge(res, clients.takeKeySet(client, appId));
    if (preflight && route.allowedOrigins !== null) {
      answerPreflight(exchange, route.allowedOrigins);
      return;
    }
    const caller = preflight || forKeySet ? keylessCaller(appId) : verify(exchange, client, route.keys);

    // 4. limit its rate; public keys cost the instance nothing
    if (!forKeySet) charge(res, limiter.take(caller.id, perSecond));

    // 5. check the status
    const upstream = checkStatus(resolved);

    // 6. strip the headers and add ours
    const connection = agents.get(appId, upstream.url);
    const ours: OutgoingHttpHeaders = {
      host: new URL(upstream.url).host,
      'x-authsome-instance-token': upstream.instanceToken,
      'x-authsome-app-id': appId,
      'x-authsome-request-id': exchange.requestId,
      'x-authsome-key-type': caller.type,
      'x-authsome-scopes': caller.scopes.join(' '),
    };
    if (forKeySet) {
      const keys = await jwks.get({ appId, revision: route.revision, connection, headers: ours });
      allowOrigin(exchange, route.allowedOrigins);
      answerKeySet(exchange, keys);
      return;
    }
    const headers: OutgoingHttpHeaders = {
      ...stripRequestHeaders(req.headers),
      ...ours,
      'x-forwarded-for': address,
      'x-forwarded-proto': protocol,
      ...(req.headers.host === undefined ? {} : { 'x-forwarded-host': req.headers.host }),
    };

    // 7. forward
    const hold = bodies.open(appId);
    try {
      const body = await readRequestBody(req, { limitBytes: bodyLimit({ method, path, keyType: caller.type }), hold });
      await tracing.call({ name: `${method} instance`, headers }, (traced) =>
        forwarder.forward({ req, res, connection, url: upstreamUrl, headers: traced, body }),
      );
    } finally {
      hold.release();
    }
  };

  function verify({ req, res, appId = '' }: Exchange, client: string, keys: readonly RouteApiKey[]): Caller {
    try {
      return verifyKey(req.headers.authorization, keys, now());
    } catch (err) {
      const verdict = clients.takeRefused(client, appId);
      if (!verdict.allowed) charge(res, verdict);
      throw err;
    }
  }
}

/** Who needs no key may do what a browser may. The instance's part in it is one bucket for all such requests of an application. */
function keylessCaller(appId: string): Caller {
  return { id: `keyless ${appId}`, type: 'public', scopes: [] };
}

/** Tells the caller of its bucket. @throws AppError rate_limit_exceeded where it is empty */
function charge(res: ServerResponse, verdict: RateVerdict): void {
  tellRate(res, verdict);
  if (!verdict.allowed) throw appErrors.rateLimited(verdict.retryAfterSeconds);
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
