import { sql } from 'kysely';
import { createDatabase } from '../services/shared/db/database.ts';
import { parseConfig } from '../services/shared/config.ts';
import { createKoa } from '../services/shared/http/create-koa.ts';
import { createBodyBudget } from '../services/shared/http/body-budget.ts';
import { createHealthRouter } from '../services/shared/http/health-router.ts';
import { listen } from '../services/shared/http/listen.ts';
import { serveMetrics } from '../services/shared/http/serve-metrics.ts';
import { runMain } from '../services/shared/lifecycle.ts';
import { createLog } from '../services/shared/log.ts';
import { registerDependencies } from '../services/shared/metrics/service-registry.ts';
import { createRedis } from '../services/shared/redis.ts';
import { createSecretBox } from '../services/shared/secret-box.ts';
import { startTracing } from '../services/shared/tracing.ts';
import { proxyConfigSchema } from './config.ts';
import { createProxy } from './create-proxy.ts';
import { createProxyMetrics } from './metrics.ts';
import { createClientLimits } from './passes/limit-clients.ts';
import { createRateLimiter } from './passes/limit-rate.ts';
import { createReachStoreOnce } from './routes/reach-store-once.ts';
import { resolveToken } from './routes/resolved-route.ts';
import { createRouteCache } from './routes/route-cache.ts';
import { createRouteSource } from './routes/route-source.ts';
import { subscribeInvalidations } from './routes/subscribe-invalidations.ts';
import { createForwarder } from './upstream/create-forwarder.ts';
import { createJwksCache } from './upstream/jwks-cache.ts';
import { createUpstreamAgents } from './upstream/upstream-agents.ts';

/** Of the 30 s that a shutdown may take; above the upstream's response timeout (25 s). */
const drainMs = 27_000;
/** Routes are asked of PostgreSQL only where Redis has none. */
const poolSize = 5;
/** Bodies between their arrival and the answer of the instance: a small part of the memory that the process has. */
const heldBodies = { totalBytes: 64 * 1_048_576, ownerBytes: 8 * 1_048_576 };

runMain('proxy', async (lifecycle) => {
  const config = parseConfig(proxyConfigSchema, process.env);
  const log = createLog({ name: 'proxy', level: config.LOG_LEVEL });
  const tracing = await startTracing({ serviceName: 'authsome-proxy', config, untrustedCallers: true, log });
  lifecycle.onShutdown('traces', () => tracing.shutDown());
  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize,
    applicationName: 'authsome-proxy',
    onError: (err) => log.warn({ err }, 'Idle database connection lost'),
  });
  lifecycle.onShutdown('database', () => db.destroy());
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());

  const secretBox = createSecretBox(config.ENCRYPTION_KEY);
  const cache = createRouteCache({
    source: createRouteSource({ redis, db, log }),
    resolve: (route) => resolveToken(route, secretBox, log),
    now: Date.now,
    log,
  });
  const unsubscribe = subscribeInvalidations({ subscriber: createRedis(config.REDIS_URL, { log }), cache, log });
  lifecycle.onShutdown('route changes', unsubscribe);

  const agents = createUpstreamAgents();
  lifecycle.onShutdown('upstream connections', () => agents.close());
  const metrics = createProxyMetrics();
  registerDependencies(metrics.registry, {
    database: async () => void (await sql`select 1`.execute(db)),
    redis: async () => void (await redis.ping()),
  });
  const metricsServer = await serveMetrics({ registry: metrics.registry, port: config.METRICS_PORT });
  lifecycle.onShutdown('metrics', () => metricsServer.close(0));
  const koa = createKoa({ log });
  koa.use(createHealthRouter({ checks: { stores: createReachStoreOnce({ redis, db }) } }).routes());

  const answerOthers = koa.callback();
  const proxy = createProxy({
    region: config.REGION,
    routes: cache,
    limiter: createRateLimiter({ now: Date.now }),
    clients: createClientLimits({ now: Date.now }),
    bodies: createBodyBudget(heldBodies),
    agents,
    jwks: createJwksCache({ now: Date.now, log }),
    forwarder: createForwarder({ log }),
    tracing,
    trustedProxies: config.TRUSTED_PROXIES,
    now: Date.now,
    metrics,
    log,
    otherwise: (req, res) => void answerOthers(req, res),
  });
  const server = await listen(proxy, { port: config.PORT, refusalHeaders: { 'X-AuthSome-Region': config.REGION } });
  lifecycle.onShutdown('http', () => server.close(drainMs));
  log.info({ port: server.port, metricsPort: metricsServer.port }, 'Proxy listens');
});
