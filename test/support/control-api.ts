import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import { createAuth } from '../../services/control-api/auth/create-auth.ts';
import { createSessionTokens } from '../../services/control-api/auth/session-tokens.ts';
import { createApp } from '../../services/control-api/create-app.ts';
import { createReadLimit } from '../../services/control-api/limits/limit-reads.ts';
import { createWriteLimit } from '../../services/control-api/limits/limit-writes.ts';
import { createRateLimit } from '../../services/control-api/limits/rate-limit.ts';
import { createJobRelay } from '../../services/control-api/outbox/job-relay.ts';
import { startRelayLoop } from '../../services/control-api/outbox/relay-loop.ts';
import { createRouteRelay } from '../../services/control-api/outbox/route-relay.ts';
import { createOperationStreams } from '../../services/control-api/streams/operation-streams.ts';
import type { OperationStreams, OperationStreamsOptions } from '../../services/control-api/streams/operation-streams.ts';
import { createEffects } from '../../services/control-api/use-cases/effects.ts';
import type { Effects } from '../../services/control-api/use-cases/effects.ts';
import type { Database } from '../../services/shared/db/tables.ts';
import { createFallbackGuessStore } from '../../services/shared/guard/fallback-guess-store.ts';
import { createGuessGuard } from '../../services/shared/guard/guess-guard.ts';
import { guessPolicies } from '../../services/shared/guard/guess-policies.ts';
import type { GuessPolicies } from '../../services/shared/guard/guess-policies.ts';
import { createHashingGate } from '../../services/shared/guard/hashing-gate.ts';
import { listen } from '../../services/shared/http/listen.ts';
import { createLog } from '../../services/shared/log.ts';
import type { AccountLimits, Plan, WriteRate } from '../../services/shared/plans.ts';
import { createRedis } from '../../services/shared/redis.ts';
import { createSecretBox } from '../../services/shared/secret-box.ts';
import type { SecretBox } from '../../services/shared/secret-box.ts';
import { createTestDatabase } from './test-database.ts';
import { createTestNats } from './test-nats.ts';
import type { TestNats } from './test-nats.ts';
import { createTestRedis } from './test-redis.ts';
import { natsClient } from './nats-client.ts';

export interface TestControlApi {
  url: string;
  app: ReturnType<typeof createApp>;
  db: Kysely<Database>;
  /** Of `db`, for connections of one's own. */
  databaseUrl: string;
  effects: Effects;
  streams: OperationStreams;
  redis: Redis;
  nats: TestNats;
  /** Seals with this API's encryption key. */
  box: SecretBox;
  /** Every line that it has logged, at the most talkative level. */
  lines: string[];
  close(): Promise<void>;
}

interface Options {
  /** Sign-ups a minute; tests of other things need more than anybody else. */
  authRequestsPerMinute?: number;
  /** Logins to one account a minute. */
  loginsPerMinute?: number;
  guessPolicies?: GuessPolicies;
  /** Without one there are no operator endpoints. */
  operatorToken?: string;
  operatorRequestsPerMinute?: number;
  /** What an account may have. By default anything: most tests make many applications for one owner. */
  accountLimits?: AccountLimits;
  readsPerSecond?: number;
  /** Requests that change something; by default more than any test makes. */
  writeRates?: Readonly<Record<Plan, WriteRate>>;
  /** Stands in for the test's own Redis, to have one that is away. */
  redisUrl?: string;
  /** Job relays on the same database, as many replicas have them. */
  jobRelays?: number;
  /** Limits of the event streams, where a test can't wait for the real ones. */
  streaming?: Omit<OperationStreamsOptions, 'db' | 'log'>;
}

const unlimited: WriteRate = { perMinute: Infinity, perDay: Infinity };

export const testAuthSecret = 'a secret for tests, of 32 letters and more';
export const testPublicUrl = 'http://control.test';

/** The control API over HTTP on a free port, with its relays, on a database, a Redis and a NATS server of the test file's own. */
export async function startControlApi({
  authRequestsPerMinute = 100_000,
  loginsPerMinute = 100_000,
  guessPolicies: policies = guessPolicies(),
  operatorToken,
  operatorRequestsPerMinute = 100_000,
  accountLimits: limitsOfAccount = { freeApplications: Infinity, workspaces: Infinity },
  readsPerSecond = Infinity,
  writeRates = { free: unlimited, pro: unlimited, enterprise: unlimited },
  redisUrl,
  jobRelays = 1,
  streaming = {},
}: Options = {}): Promise<TestControlApi> {
  const [database, testRedis, nats] = await Promise.all([createTestDatabase(), createTestRedis(), createTestNats()]);
  const { db } = database;
  const lines: string[] = [];
  const log = createLog({ name: 'test', level: 'trace' }, { write: (line) => void lines.push(line) });
  const box = createSecretBox(randomBytes(32).toString('base64'));
  const redis = createRedis(redisUrl ?? testRedis.url, { log });
  const connection: NatsConnection = await natsClient({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });

  const pollMs = 200;
  const relays = Array.from({ length: jobRelays }, () =>
    startRelayLoop({ round: createJobRelay({ db, nats: () => connection, replicas: 1 }), name: 'jobs', pollMs, log }),
  );
  const routes = createRouteRelay({ db, redis });
  const routeRelay = startRelayLoop({ round: () => routes.publishAll(), name: 'routes', pollMs, log });
  const perMinute = (name: string, limit: number) => createRateLimit({ redis, log, name, limit, windowSeconds: 60 });

  const effects = createEffects({
    wakeJobRelay: () => relays.forEach((relay) => relay.wake()),
    wakeRouteRelay: () => routeRelay.wake(),
    routes,
    log,
  });
  const streams = createOperationStreams({ db, log, pollMs: 50, ...streaming });

  const app = createApp({
    db,
    auth: createAuth({ db, secret: testAuthSecret, publicUrl: testPublicUrl, log }),
    tokens: createSessionTokens({ secret: testAuthSecret, issuer: testPublicUrl }),
    guard: createGuessGuard({ store: createFallbackGuessStore({ redis, log }), secret: testAuthSecret, policies }),
    gate: createHashingGate({ concurrency: 4 }),
    limits: {
      signUp: perMinute('signup', authRequestsPerMinute),
      logIn: perMinute('login', loginsPerMinute),
      operator: perMinute('operator', operatorRequestsPerMinute),
      reads: createReadLimit({ perSecond: readsPerSecond }),
      writes: createWriteLimit({ db, redis, log, rates: writeRates }),
    },
    accountLimits: limitsOfAccount,
    box,
    operatorToken,
    effects,
    streams,
    regions: ['us-east-1', 'eu-west-1'],
    customerApiUrl: 'http://customer.test',
    trustedProxies: 0,
    checks: {},
    log,
  });
  const http = await listen(app.callback(), { port: 0, host: '127.0.0.1' });

  return {
    url: `http://127.0.0.1:${http.port}`,
    app,
    db,
    ...{ databaseUrl: database.url, effects, streams },
    redis: testRedis.redis,
    nats,
    box,
    lines,
    close: async () => {
      streams.close();
      await http.close(1_000);
      await Promise.all([...relays, routeRelay].map((relay) => relay.stop()));
      await connection.close();
      redis.disconnect();
      await Promise.all([database.drop(), testRedis.close(), nats.close()]);
    },
  };
}
