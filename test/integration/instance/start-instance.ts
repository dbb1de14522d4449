import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createAuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import type { AuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import type { AuthSettings } from '../../../services/instance/auth/create-auth.ts';
import { createBcryptThread } from '../../../services/instance/auth/bcrypt-thread.ts';
import { createPasswordHasher } from '../../../services/instance/auth/password-hasher.ts';
import { createSessionCache } from '../../../services/instance/auth/session-cache.ts';
import { createApp } from '../../../services/instance/create-app.ts';
import type { Mailer } from '../../../services/instance/email/mailer.ts';
import { createInstanceMetrics } from '../../../services/instance/metrics.ts';
import { migrateAuth } from '../../../services/instance/migrate-auth.ts';
import { createFallbackGuessStore } from '../../../services/shared/guard/fallback-guess-store.ts';
import { guessPolicies } from '../../../services/shared/guard/guess-policies.ts';
import type { GuessPolicies } from '../../../services/shared/guard/guess-policies.ts';
import { listen } from '../../../services/shared/http/listen.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { Log } from '../../../services/shared/log.ts';
import { noTracing } from '../../../services/shared/tracing.ts';
import type { Tracing } from '../../../services/shared/tracing.ts';
import { createEmptyDatabase } from './create-empty-database.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { redisClient } from '../../support/redis-client.ts';

export interface TestInstance {
  appId: string;
  url: string;
  koa: ReturnType<typeof createApp>['koa'];
  instanceToken: string;
  database: AuthDatabase;
  redis: Redis;
  /** What the instance itself talks to Redis through. */
  instanceRedis: Redis;
  /** Calls the instance as its proxy does, with a public key unless said. */
  call(path: string, options?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  session?: string | undefined;
  key?: 'public' | 'secret';
  scopes?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: AnswerBody;
}

export interface AnsweredUser {
  id: string;
  email: string;
  name: string;
  image: string | null;
  emailVerified: boolean;
  twoFactorEnabled: boolean;
  createdAt: string;
  updatedAt: string;
  banned: boolean;
  banReason: string | null;
  bannedUntil: string | null;
  metadata: Record<string, unknown>;
}

/** The union of the fields that tests look at. */
export interface AnswerBody extends AnsweredUser {
  user: AnsweredUser;
  session: { token: string; expiresAt: string } | null;
  error: { code: string; details?: { field?: string; reason: string }; requestId: string; retryAfter?: number };
  data: ListedItem[];
  total: number;
  page: number;
  pageSize: number;
  results: { index: number; status: string; userId?: string; problem?: { field: string; reason: string } }[];
  twoFactorRequired?: true;
  challengeToken: string;
  expiresAt: string;
  otpauthUri: string;
  backupCodes: string[];
  url: string;
  token: string;
  keys: Record<string, unknown>[];
  slug: string;
  role: string;
  organizationId: string;
  memberId: string;
  status: string;
  checks: Record<string, string>;
}

export interface ListedItem {
  id: string;
  email: string;
  role: string;
  name: string;
  current: boolean;
  user: { id: string; email: string };
  organizationName: string;
}

export const password = 'correct horse battery';

/** About 2 ms: tests sign many users up. */
const cheapHashCost = 10;

export interface StartInstanceOptions extends Partial<AuthSettings> {
  appId?: string;
  allowedOrigins?: string[];
  mode?: 'standalone' | 'saas';
  mailer?: Mailer | null;
  passwordHashCost?: number;
  guessPolicies?: GuessPolicies;
  /** Stands in for the thread of the real one. */
  verifyBcrypt?: (given: { hash: string; password: string }) => Promise<boolean>;
  tracing?: Tracing;
  /** An earlier database to go on with. */
  databaseUrl?: string;
  log?: Log;
}

/** A whole instance on its own database and Redis, listening on a free port. */
export async function startInstance(options: StartInstanceOptions = {}): Promise<TestInstance> {
  const { appId = 'app_instance1', allowedOrigins = [], mode = 'standalone', mailer = null, passwordHashCost, databaseUrl } = options;
  const { tracing = noTracing, log = createLog({ name: 'test', level: 'silent' }) } = options;
  const settings: AuthSettings = {
    secret: options.secret ?? randomBytes(32).toString('base64'),
    sessionTimeoutSeconds: options.sessionTimeoutSeconds ?? 604_800,
    sessionLifetimeSeconds: options.sessionLifetimeSeconds ?? 7_776_000,
    mailsPerHour: options.mailsPerHour ?? 3_000,
    emailVerificationRequired: options.emailVerificationRequired ?? false,
    publicUrl: options.publicUrl,
    providers: options.providers ?? { social: {}, oidc: {} },
  };
  const emptyDatabase = databaseUrl === undefined ? await createEmptyDatabase() : { url: databaseUrl, drop: () => Promise.resolve() };
  const database = createAuthDatabase({ url: emptyDatabase.url, poolSize: 5, onQuery: tracing.onQuery });
  await migrateAuth({ database, settings, log });
  const testRedis = await createTestRedis();
  const instanceRedis = redisClient(testRedis.url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
  instanceRedis.on('error', () => {});
  await instanceRedis.ping();
  const bcrypt = createBcryptThread({ program: new URL('../../../services/instance/main.ts', import.meta.url) });

  const instanceToken = randomBytes(32).toString('hex');
  const { koa, mailQueue } = createApp({
    ...{ appId, instanceToken, mode, allowedOrigins, settings, database, mailer, tracing, log },
    hasher: createPasswordHasher({ cost: passwordHashCost ?? cheapHashCost, verifyBcrypt: options.verifyBcrypt ?? bcrypt.verify }),
    hashingConcurrency: 4,
    cache: createSessionCache({ redis: instanceRedis, log }),
    guessStore: createFallbackGuessStore({ redis: instanceRedis, log }),
    guessPolicies: options.guessPolicies ?? guessPolicies(),
    checkCache: async () => void (await instanceRedis.ping()),
    metrics: createInstanceMetrics(),
  });
  const answerRequest = koa.callback();
  const server = await listen((req, res) => void answerRequest(req, res), { port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${server.port}`;

  return {
    appId,
    url,
    koa,
    instanceToken,
    database,
    redis: testRedis.redis,
    instanceRedis,
    call: async (path, { method, body, session, key = 'public', scopes = key === 'secret' ? '*' : '', headers } = {}) =>
      answer(
        await fetch(url + path, {
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: {
            'x-authsome-instance-token': instanceToken,
            'x-authsome-app-id': appId,
            'x-authsome-key-type': key,
            'x-authsome-scopes': scopes,
            'x-forwarded-for': '192.0.2.1',
            ...(session === undefined ? {} : { 'x-session-token': session }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    stop: async () => {
      await server.close(1_000);
      await mailQueue?.drain(1_000);
      await bcrypt.close();
      await database.destroy();
      instanceRedis.disconnect();
      await testRedis.close();
      await emptyDatabase.drop();
    },
  };
}

export async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as AnswerBody };
}

/** Signs a new user up and returns what the test needs of it. */
export async function signUp(instance: TestInstance, email: string): Promise<{ id: string; token: string }> {
  const { status, body } = await instance.call('/auth/signup', { body: { email, password, name: 'Ada' } });
  if (status !== 201 || !body.session) throw new Error(`Sign-up answered ${status}`);
  return { id: body.user.id, token: body.session.token };
}
