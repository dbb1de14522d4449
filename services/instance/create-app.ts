import type Koa from 'koa';
import type { SecondaryStorage } from 'better-auth';
import { createKoa } from '../shared/http/create-koa.ts';
import type { RequestState } from '../shared/http/create-koa.ts';
import { createHealthRouter } from '../shared/http/health-router.ts';
import type { Log } from '../shared/log.ts';
import { createAccounts } from './auth/accounts.ts';
import type { AuthDatabase } from './auth/auth-database.ts';
import { createAuth } from './auth/create-auth.ts';
import type { AuthSettings } from './auth/create-auth.ts';
import { createHashingGate } from './auth/hashing-gate.ts';
import { createUsers } from './auth/users.ts';
import { allowOrigins } from './http/allow-origins.ts';
import { requireProxy } from './http/require-proxy.ts';
import { createInstanceMetrics } from './metrics.ts';
import { createAuthRoutes } from './routes/auth-routes.ts';
import { createUserRoutes } from './routes/user-routes.ts';

export interface InstanceDeps {
  appId: string;
  instanceToken: string;
  /** Origins whose pages may call this application. */
  allowedOrigins: readonly string[];
  settings: AuthSettings;
  database: AuthDatabase;
  /** Passwords that may be hashed at once: fewer than the database's connections. */
  hashingConcurrency: number;
  cache: SecondaryStorage;
  log: Log;
}

/** One tenant's auth backend. Everything but the probes and metrics requires the proxy's token. */
export function createApp({
  appId,
  instanceToken,
  allowedOrigins,
  settings,
  database,
  hashingConcurrency,
  cache,
  log,
}: InstanceDeps): Koa<RequestState> {
  const auth = createAuth({ database, cache, settings, log });
  const gate = createHashingGate({ concurrency: hashingConcurrency });
  const metrics = createInstanceMetrics();
  const koa = createKoa({ log });

  const health = createHealthRouter({ checks: { database: () => findUserTable(database) }, registry: metrics.registry });
  koa.use(health.routes());
  koa.use(metrics.observe);
  koa.use(requireProxy({ appId, instanceToken }));
  koa.use(allowOrigins(allowedOrigins));
  koa.use(createAuthRoutes(createAccounts({ auth, gate })).routes());
  koa.use(createUserRoutes(createUsers({ auth, database })).routes());
  return koa;
}

// Answers whether the database is there and migrated. Redis is not asked for: without it everything goes on, slower.
async function findUserTable(database: AuthDatabase): Promise<void> {
  await database.selectFrom('user').select('id').limit(1).execute();
}
