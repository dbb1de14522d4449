import { isMainThread } from 'node:worker_threads';
import { parseConfig } from '../shared/config.ts';
import { createFallbackGuessStore } from '../shared/guard/fallback-guess-store.ts';
import { guessPolicies } from '../shared/guard/guess-policies.ts';
import { listen } from '../shared/http/listen.ts';
import { serveMetrics } from '../shared/http/serve-metrics.ts';
import { runMain } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createRedis } from '../shared/redis.ts';
import { startTracing } from '../shared/tracing.ts';
import { createAuthDatabase } from './auth/auth-database.ts';
import { createBcryptThread, serveBcrypt } from './auth/bcrypt-thread.ts';
import type { AuthSettings } from './auth/create-auth.ts';
import { createPasswordHasher } from './auth/password-hasher.ts';
import { createSessionCache } from './auth/session-cache.ts';
import { sessionLifetime } from './auth/session-times.ts';
import { instanceConfigSchema } from './config.ts';
import { createApp } from './create-app.ts';
import { createMailer } from './email/mailer.ts';
import { startMaintenance } from './maintenance/start-maintenance.ts';
import { createInstanceMetrics } from './metrics.ts';
import { migrateWhenReachable } from './migrate-when-reachable.ts';

/** Of the 30 s that a shutdown may take, the rest is for mails and the connections. */
const drainMs = 20_000;
const mailDrainMs = 5_000;

// The program is one file in its image, so its threads are this file too.
if (isMainThread) runMain('instance', start);
else serveBcrypt();

async function start(lifecycle: Parameters<Parameters<typeof runMain>[1]>[0]): Promise<void> {
  const config = parseConfig(instanceConfigSchema, process.env);
  const log = createLog({ name: 'instance', level: config.LOG_LEVEL }).child({ appId: config.APP_ID });
  const tracing = await startTracing({ serviceName: 'authsome-instance', config, attributes: { 'authsome.app_id': config.APP_ID }, log });
  lifecycle.onShutdown('traces', () => tracing.shutDown());

  const database = createAuthDatabase({ url: config.DATABASE_URL, poolSize: config.DATABASE_POOL_SIZE, onQuery: tracing.onQuery });
  lifecycle.onShutdown('database', () => database.destroy());
  // Connects while the rest is built, and is not waited for: sessions are in PostgreSQL as well.
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());

  const settings: AuthSettings = {
    secret: config.AUTH_SECRET,
    sessionTimeoutSeconds: config.SESSION_TIMEOUT_SECONDS,
    sessionLifetimeSeconds: sessionLifetime({ timeoutSeconds: config.SESSION_TIMEOUT_SECONDS, chosen: config.SESSION_LIFETIME_SECONDS }),
    mailsPerHour: config.MAILS_PER_HOUR,
    emailVerificationRequired: config.EMAIL_VERIFICATION_REQUIRED,
    publicUrl: config.PUBLIC_URL,
    providers: { social: config.SOCIAL_PROVIDERS, oidc: config.OIDC_PROVIDERS },
  };
  // Here, not in an init container: that would cost every start a second (see ARCHITECTURE.md), and both run before readiness.
  await migrateWhenReachable({ database, settings, log });

  const bcrypt = createBcryptThread({ program: import.meta.filename });
  lifecycle.onShutdown('bcrypt', () => bcrypt.close());
  const { EMAIL_SMTP_URL: smtpUrl, EMAIL_FROM: from } = config;
  const mailer = smtpUrl === undefined || from === undefined ? null : createMailer({ smtpUrl, from });
  if (!mailer && (smtpUrl ?? from) !== undefined) log.warn('E-mail is off: EMAIL_SMTP_URL and EMAIL_FROM are needed both');
  lifecycle.onShutdown('mailer', () => mailer?.close());
  const metrics = createInstanceMetrics();

  const { koa, mailQueue } = createApp({
    appId: config.APP_ID,
    instanceToken: config.INSTANCE_TOKEN,
    mode: config.MODE,
    allowedOrigins: config.ALLOWED_ORIGINS,
    settings,
    database,
    hasher: createPasswordHasher({ cost: config.PASSWORD_HASH_COST, verifyBcrypt: bcrypt.verify }),
    hashingConcurrency: Math.max(1, config.DATABASE_POOL_SIZE - 1),
    cache: createSessionCache({ redis, log }),
    guessStore: createFallbackGuessStore({ redis, log }),
    guessPolicies: guessPolicies(config),
    checkCache: async () => {
      // A command would wait for the connection, and the probe with it.
      if (redis.status !== 'ready') throw new Error('Redis is not connected');
      await redis.ping();
    },
    mailer,
    metrics,
    tracing,
    log,
  });
  const maintenance = startMaintenance({ database, redis, log }, lifecycle.signal);
  lifecycle.onShutdown('maintenance', () => maintenance);
  lifecycle.onShutdown('mails', () => mailQueue?.drain(mailDrainMs));
  const metricsServer = await serveMetrics({ registry: metrics.registry, port: config.METRICS_PORT });
  lifecycle.onShutdown('metrics', () => metricsServer.close(0));
  const answer = koa.callback();
  const server = await listen((req, res) => void answer(req, res), { port: config.PORT });
  lifecycle.onShutdown('http', () => server.close(drainMs));
  log.info({ port: server.port, metricsPort: metricsServer.port, startUpMs: Math.round(performance.now()) }, 'Instance listens');
}
