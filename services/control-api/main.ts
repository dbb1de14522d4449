import type { NatsConnection } from '@nats-io/transport-node';
import { sql } from 'kysely';
import { createDatabase } from '../shared/db/database.ts';
import { createFallbackGuessStore } from '../shared/guard/fallback-guess-store.ts';
import { createGuessGuard } from '../shared/guard/guess-guard.ts';
import { createGuessCounter } from '../shared/guard/guess-metrics.ts';
import { guessPolicies } from '../shared/guard/guess-policies.ts';
import { createHashingGate } from '../shared/guard/hashing-gate.ts';
import { listen } from '../shared/http/listen.ts';
import { serveMetrics } from '../shared/http/serve-metrics.ts';
import { runMain } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createLeaderGauge, createRegistry, registerDependencies } from '../shared/metrics/service-registry.ts';
import { connectNats } from '../shared/nats.ts';
import { accountLimits } from '../shared/plans.ts';
import { createRedis } from '../shared/redis.ts';
import { createSecretBox } from '../shared/secret-box.ts';
import { registerBackupMetrics } from './backup-metrics.ts';
import { startTracing } from '../shared/tracing.ts';
import { createAuth } from './auth/create-auth.ts';
import { createSessionTokens } from './auth/session-tokens.ts';
import { readConfig } from './config.ts';
import { createApp } from './create-app.ts';
import { createReadLimit } from './limits/limit-reads.ts';
import { createWriteLimit } from './limits/limit-writes.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import { createJobRelay } from './outbox/job-relay.ts';
import { startRelayLoop } from './outbox/relay-loop.ts';
import { createRouteRelay } from './outbox/route-relay.ts';
import { startScheduler } from './scheduler/start-scheduler.ts';
import { watchCertificates } from './scheduler/watch-certificates.ts';
import { createOperationStreams } from './streams/operation-streams.ts';
import { createEffects } from './use-cases/effects.ts';

const name = 'control-api';
/** Requests get most of the 30 s that lifecycle.ts gives in all. */
const drainMs = 20_000;
const pollMs = 1_000;
/** Passwords hashed at once: no more than Node has threads for it, and fewer than the database has connections. */
const maxHashing = 4;
/** From one address. A command line that waits for a sweep and repairs what it found asks a few times a second; a guess at a token of 32
 * characters needs far more. */
const operatorRequestsPerMinute = 300;

runMain(name, async (lifecycle) => {
  const config = readConfig(process.env);
  const log = createLog({ name, level: config.LOG_LEVEL });
  const tracing = await startTracing({ serviceName: 'authsome-control-api', config, untrustedCallers: true, log });
  lifecycle.onShutdown('traces', () => tracing.shutDown());
  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    applicationName: name,
    onQuery: tracing.onQuery,
    onError: (err) => log.warn({ err }, 'Database connection lost'),
  });
  lifecycle.onShutdown('database', () => db.destroy());
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());

  // Not awaited: applications can be created while NATS is away, their jobs wait in the outbox.
  let nats: NatsConnection | undefined;
  const jobRelay = startRelayLoop({
    round: createJobRelay({ db, nats: () => nats, replicas: config.NATS_REPLICAS }),
    ...{ name: 'jobs', pollMs, log },
  });
  lifecycle.onShutdown('nats', () => nats?.close());
  lifecycle.onShutdown('job relay', () => jobRelay.stop());
  void connectNats({ url: config.NATS_URL, name, log }).then((connection) => {
    nats = connection;
    jobRelay.wake();
  });

  const routes = createRouteRelay({ db, redis });
  const routeRelay = startRelayLoop({ round: () => routes.publishAll(), name: 'routes', pollMs, log });
  lifecycle.onShutdown('route relay', () => routeRelay.stop());

  const registry = createRegistry();
  registerBackupMetrics(registry, { db, log });
  const perMinute = (limitName: string, limit: number) => createRateLimit({ redis, log, name: limitName, limit, windowSeconds: 60 });

  const effects = createEffects({ wakeJobRelay: () => jobRelay.wake(), wakeRouteRelay: () => routeRelay.wake(), routes, log });
  const onLead = createLeaderGauge(registry, name);
  const certificates = watchCertificates({ urls: [config.PUBLIC_URL, config.CUSTOMER_API_URL], registry, log });
  const scheduler = startScheduler({ db, databaseUrl: config.DATABASE_URL, effects, certificates, onLead, log }, lifecycle.signal);
  lifecycle.onShutdown('scheduler', () => scheduler);

  const database = async (): Promise<void> => void (await sql`select 1`.execute(db));
  registerDependencies(registry, {
    database,
    redis: async () => void (await redis.ping()),
    nats: async () => {
      if (nats === undefined) throw new Error('NATS is not connected');
      await nats.rtt();
    },
  });
  const metricsServer = await serveMetrics({ registry, port: config.METRICS_PORT });
  lifecycle.onShutdown('metrics', () => metricsServer.close(0));
  const streams = createOperationStreams({ db, log });
  const app = createApp({
    db,
    auth: createAuth({ db, secret: config.AUTH_SECRET, publicUrl: config.PUBLIC_URL, log }),
    tokens: createSessionTokens({ secret: config.AUTH_SECRET, issuer: config.PUBLIC_URL }),
    guard: createGuessGuard({
      store: createFallbackGuessStore({ redis, log }),
      secret: config.AUTH_SECRET,
      policies: guessPolicies(config),
      onEnd: createGuessCounter(registry),
    }),
    gate: createHashingGate({ concurrency: Math.min(maxHashing, config.DATABASE_POOL_SIZE - 1) }),
    limits: {
      signUp: perMinute('signup', config.AUTH_REQUESTS_PER_MINUTE),
      logIn: perMinute('login', config.LOGINS_PER_MINUTE),
      operator: perMinute('operator', operatorRequestsPerMinute),
      reads: createReadLimit(),
      writes: createWriteLimit({ db, redis, log }),
    },
    accountLimits,
    box: createSecretBox(config.ENCRYPTION_KEY),
    operatorToken: config.OPERATOR_TOKEN,
    effects,
    streams,
    regions: config.REGIONS,
    customerApiUrl: config.CUSTOMER_API_URL,
    trustedProxies: config.TRUSTED_PROXIES,
    // Neither Redis nor NATS: without them owners can still log in and create applications.
    checks: { database },
    tracing,
    log,
  });
  const http = await listen(app.callback(), { port: config.PORT });
  lifecycle.onShutdown('http', () => http.close(drainMs));
  // Closed first: streams last minutes, and nothing is lost by coming back for the rest elsewhere.
  lifecycle.onShutdown('streams', () => streams.close());
  log.info({ port: http.port, metricsPort: metricsServer.port }, 'Control API listens');
});
