import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createProxy } from '../../../proxy/create-proxy.ts';
import { createProxyMetrics } from '../../../proxy/metrics.ts';
import { createClientLimits } from '../../../proxy/passes/limit-clients.ts';
import { createRateLimiter } from '../../../proxy/passes/limit-rate.ts';
import { resolveToken } from '../../../proxy/routes/resolved-route.ts';
import { createRouteCache } from '../../../proxy/routes/route-cache.ts';
import { createRouteSource } from '../../../proxy/routes/route-source.ts';
import { subscribeInvalidations } from '../../../proxy/routes/subscribe-invalidations.ts';
import { createForwarder } from '../../../proxy/upstream/create-forwarder.ts';
import type { UpstreamTimeouts } from '../../../proxy/upstream/create-forwarder.ts';
import { createJwksCache } from '../../../proxy/upstream/jwks-cache.ts';
import { createUpstreamAgents } from '../../../proxy/upstream/upstream-agents.ts';
import { newApiKey } from '../../../services/shared/api-keys.ts';
import { createBodyBudget } from '../../../services/shared/http/body-budget.ts';
import type { BodyBudget } from '../../../services/shared/http/body-budget.ts';
import { createKoa } from '../../../services/shared/http/create-koa.ts';
import { listen } from '../../../services/shared/http/listen.ts';
import { newId } from '../../../services/shared/ids.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { Log } from '../../../services/shared/log.ts';
import type { Plan } from '../../../services/shared/plans.ts';
import { loadRoute, publishRoute, removeRoute } from '../../../services/shared/routes/route-store.ts';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { noTracing } from '../../../services/shared/tracing.ts';
import type { Tracing } from '../../../services/shared/tracing.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { redisClient } from '../../support/redis-client.ts';

export interface TestApp {
  appId: string;
  publicKey: string;
  secretKey: string;
}

export interface NewTestApp {
  appId?: string;
  /** Of the instance. */
  url?: string | null;
  instanceToken?: string;
  status?: AppStatus;
  plan?: Plan;
  /** Without, the route is one of a configuration that names none: only the instance knows. */
  allowedOrigins?: string[];
  /** Whether the route is put into Redis too. */
  published?: boolean;
}

export interface TestProxy {
  url: string;
  port: number;
  bodies: BodyBudget;
  /** What it has logged, if it has no log of its own. */
  lines: string[];
  redis: Redis;
  subscriber: Redis;
  addApp(app?: NewTestApp): Promise<TestApp>;
  /** Changes the row and publishes the route, as the control API and the provisioner do. */
  setStatus(appId: string, status: AppStatus): Promise<void>;
  remove(appId: string): Promise<void>;
  /** Subscribed to route changes. */
  subscribed(): Promise<void>;
  stop(): Promise<void>;
}

/** The proxy with real Redis and PostgreSQL, listening on a free port. */
export async function startProxy({
  timeouts,
  trustedProxies = 0,
  clientClock = Date.now,
  tracing = noTracing,
  log: givenLog,
}: {
  timeouts?: Partial<UpstreamTimeouts>;
  trustedProxies?: number;
  clientClock?: () => number;
  tracing?: Tracing;
  log?: Log;
} = {}): Promise<TestProxy> {
  const lines: string[] = [];
  const log = givenLog ?? createLog({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  const database = await createTestDatabase();
  const { db } = database;
  const testRedis = await createTestRedis();
  const { redis } = testRedis;
  const subscriber = redisClient(testRedis.url, { retryStrategy: () => 50 });
  const secretBox = createSecretBox(randomBytes(32).toString('base64'));

  let pushed = false;
  const cache = createRouteCache({
    source: createRouteSource({ redis, db, log }),
    resolve: (route) => resolveToken(route, secretBox, log),
    now: Date.now,
    log,
  });
  const watched = {
    ...cache,
    setPushed: (value: boolean) => {
      pushed = value;
      cache.setPushed(value);
    },
  };
  const unsubscribe = subscribeInvalidations({ subscriber, cache: watched, log });
  const agents = createUpstreamAgents();
  const bodies = createBodyBudget({ totalBytes: 2 * 1_048_576, ownerBytes: 1_200_000 });
  const answerOthers = createKoa({ log }).callback();
  const proxy = createProxy({
    region: 'eu-west-1',
    routes: cache,
    limiter: createRateLimiter({ now: Date.now }),
    clients: createClientLimits({ now: clientClock }),
    bodies,
    agents,
    jwks: createJwksCache({ now: Date.now, log }),
    forwarder: createForwarder({ log, timeouts }),
    tracing,
    trustedProxies,
    now: Date.now,
    metrics: createProxyMetrics(),
    log,
    otherwise: (req, res) => void answerOthers(req, res),
  });
  const server = await listen(proxy, { port: 0, host: '127.0.0.1', refusalHeaders: { 'X-AuthSome-Region': 'eu-west-1' } });

  const workspaceIds = new Map<Plan, string>();
  async function workspace(plan: Plan): Promise<string> {
    const id = workspaceIds.get(plan) ?? newId('ws');
    workspaceIds.set(plan, id);
    await db
      .insertInto('workspaces')
      .values({ id, name: plan, plan })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return id;
  }

  async function publish(appId: string): Promise<void> {
    const route = await loadRoute(db, appId);
    if (route) await publishRoute(redis, route);
    else await removeRoute(redis, appId);
  }

  async function update(appId: string, status: AppStatus): Promise<void> {
    await db
      .updateTable('applications')
      .set((eb) => ({ status, revision: eb('revision', '+', 1) }))
      .where('id', '=', appId)
      .execute();
    await publish(appId);
  }

  const subscribed = async (): Promise<void> => {
    while (!pushed) await new Promise((resolve) => setImmediate(resolve));
  };
  await subscribed();

  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    bodies,
    lines,
    redis,
    subscriber,
    addApp: async ({
      appId = newId('app'),
      url = null,
      instanceToken = 'x'.repeat(32),
      status = 'active',
      plan = 'pro',
      allowedOrigins,
      published = true,
    } = {}) => {
      const keys = (['public', 'secret'] as const).map((type) => ({ type, ...newApiKey({ type, environment: 'production' }) }));
      await db
        .insertInto('applications')
        .values({
          id: appId,
          workspace_id: await workspace(plan),
          name: appId,
          slug: appId.replaceAll('_', '-'),
          environment: 'production',
          region: 'us-east-1',
          status,
          config: JSON.stringify(allowedOrigins === undefined ? {} : { allowedOrigins }),
          internal_url: url,
          serving: url !== null,
          sealed_instance_token: secretBox.seal(instanceToken, appId),
        })
        .execute();
      await db
        .insertInto('api_keys')
        .values(
          keys.map(({ id, type, prefix, hash }) => ({
            id,
            application_id: appId,
            name: type,
            type,
            prefix,
            hash,
            scopes: type === 'secret' ? ['*'] : [],
          })),
        )
        .execute();
      if (published) await publish(appId);
      return { appId, publicKey: keys[0]?.key ?? '', secretKey: keys[1]?.key ?? '' };
    },
    setStatus: update,
    remove: (appId) => update(appId, 'deleted'),
    subscribed,
    stop: async () => {
      await server.close(1_000);
      agents.close();
      unsubscribe();
      await testRedis.close();
      await database.drop();
    },
  };
}
