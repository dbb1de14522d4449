import { parseConfig } from '../shared/config.ts';
import { listen } from '../shared/http/listen.ts';
import { runMain } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createRedis } from '../shared/redis.ts';
import { createAuthDatabase } from './auth/auth-database.ts';
import type { AuthSettings } from './auth/create-auth.ts';
import { createSessionCache } from './auth/session-cache.ts';
import { instanceConfigSchema } from './config.ts';
import { createApp } from './create-app.ts';
import { migrateWhenReachable } from './migrate-when-reachable.ts';

/** Of the 30 s that a shutdown may take, the rest is for the connections. */
const drainMs = 25_000;

runMain('instance', async (lifecycle) => {
  const config = parseConfig(instanceConfigSchema, process.env);
  const log = createLog({ name: 'instance', level: config.LOG_LEVEL }).child({ appId: config.APP_ID });

  const database = createAuthDatabase({ url: config.DATABASE_URL, poolSize: config.DATABASE_POOL_SIZE });
  lifecycle.onShutdown('database', () => database.destroy());
  // Connects while the rest is built, and is not waited for: sessions are in PostgreSQL as well.
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());

  const settings: AuthSettings = {
    secret: config.AUTH_SECRET,
    sessionTimeoutSeconds: config.SESSION_TIMEOUT_SECONDS,
    emailVerificationRequired: config.EMAIL_VERIFICATION_REQUIRED,
    publicUrl: config.PUBLIC_URL,
  };
  // Here, not in an init container: that would cost every start a second (see ARCHITECTURE.md), and both run before readiness.
  await migrateWhenReachable({ database, settings, log });

  const app = createApp({
    appId: config.APP_ID,
    instanceToken: config.INSTANCE_TOKEN,
    allowedOrigins: config.ALLOWED_ORIGINS,
    settings,
    database,
    hashingConcurrency: Math.max(1, config.DATABASE_POOL_SIZE - 1),
    cache: createSessionCache({ redis, log }),
    log,
  });
  const answer = app.callback();
  const server = await listen((req, res) => void answer(req, res), { port: config.PORT });
  lifecycle.onShutdown('http', () => server.close(drainMs));
  log.info({ port: server.port, startUpMs: Math.round(performance.now()) }, 'Instance listens');
});
