import type Koa from 'koa';
import type { GuessPolicies } from '../shared/guard/guess-policies.ts';
import type { GuessStore } from '../shared/guard/guess-store.ts';
import { checkUrl } from '../shared/http/check-url.ts';
import { createKoa } from '../shared/http/create-koa.ts';
import type { RequestState } from '../shared/http/create-koa.ts';
import { createHealthRouter } from '../shared/http/health-router.ts';
import type { Log } from '../shared/log.ts';
import type { Tracing } from '../shared/tracing.ts';
import type { AuthDatabase } from './auth/auth-database.ts';
import type { AuthSettings } from './auth/create-auth.ts';
import type { PasswordHasher } from './auth/password-hasher.ts';
import type { SessionCache } from './auth/session-cache.ts';
import { createServices } from './create-services.ts';
import { createMailQueue } from './email/mail-queue.ts';
import type { MailQueue } from './email/mail-queue.ts';
import type { Mailer } from './email/mailer.ts';
import { allowOrigins } from './http/allow-origins.ts';
import { requireProxy } from './http/require-proxy.ts';
import { createReadPage } from './http/redirect-page.ts';
import type { InstanceMetrics } from './metrics.ts';
import { createEmailRoutes } from './routes/email-routes.ts';
import { createInvitationRoutes } from './routes/invitation-routes.ts';
import { createMemberRoutes } from './routes/member-routes.ts';
import { createOrganizationRoutes } from './routes/organization-routes.ts';
import { createPasswordRoutes } from './routes/password-routes.ts';
import { createProfileRoutes } from './routes/profile-routes.ts';
import { createSessionRoutes } from './routes/session-routes.ts';
import { createSignInRoutes } from './routes/sign-in-routes.ts';
import { createSocialRoutes } from './routes/social-routes.ts';
import { createTokenRoutes } from './routes/token-routes.ts';
import { createTotpRoutes } from './routes/totp-routes.ts';
import { createUserRoutes } from './routes/user-routes.ts';
import { createUserSessionRoutes } from './routes/user-session-routes.ts';

export interface InstanceDeps {
  appId: string;
  instanceToken: string;
  /** Organizations exist in `saas` only. */
  mode: 'standalone' | 'saas';
  /** Origins whose pages may call this application, and may be led to by its e-mails and providers. */
  allowedOrigins: readonly string[];
  settings: AuthSettings;
  database: AuthDatabase;
  hasher: PasswordHasher;
  /** Passwords that may be hashed at once: fewer than the database's connections. */
  hashingConcurrency: number;
  cache: SessionCache;
  /** Counts wrong passwords, codes and tokens. */
  guessStore: GuessStore;
  guessPolicies: GuessPolicies;
  /** Whether Redis answers. */
  checkCache: () => Promise<void>;
  /** Null where the application has no e-mail. */
  mailer: Mailer | null;
  metrics: InstanceMetrics;
  tracing: Tracing;
  log: Log;
}

export interface InstanceApp {
  koa: Koa<RequestState>;
  /** Null where the application has no e-mail. */
  mailQueue: MailQueue | null;
}

/** One tenant's auth backend. Everything but the probes requires the proxy's token. */
export function createApp(deps: InstanceDeps): InstanceApp {
  const { appId, instanceToken, mode, allowedOrigins, database, checkCache, mailer, metrics, tracing, log } = deps;
  const mailQueue = mailer && createMailQueue({ mailer, log, onEnd: metrics.mailEnded });
  const services = createServices({ ...deps, mailQueue });
  const { sessions, users } = services;
  const readPage = createReadPage(allowedOrigins);
  const koa = createKoa({ log, tracing });

  const health = createHealthRouter({
    checks: { database: () => findUserTable(database) },
    // Without Redis all goes on, slower: sessions are read from PostgreSQL. Taking every replica out of rotation for it would turn a slow
    // application into none.
    degradable: { redis: checkCache },
  });
  koa.use(health.routes());
  koa.use(metrics.observe);
  koa.use(requireProxy({ appId, instanceToken }));
  koa.use(allowOrigins(allowedOrigins));
  koa.use(async (ctx, next) => {
    // Answers hold sessions and people's data.
    ctx.set('Cache-Control', 'no-store');
    await next();
  });
  // Behind allowOrigins(), so that pages can read the refusal.
  koa.use(checkUrl);
  const routers = [
    createSignInRoutes({ ...services, readPage }),
    createSessionRoutes(sessions),
    createPasswordRoutes({ ...services, readPage }),
    createEmailRoutes({ ...services, readPage }),
    createProfileRoutes(services),
    createTotpRoutes(services),
    createSocialRoutes({ ...services, readPage }),
    createTokenRoutes(services),
    createUserRoutes(services),
    createUserSessionRoutes({ users, sessions }),
    // Elsewhere their paths are unknown ones. The tables are there all the same, so that the mode can be changed at any time.
    ...(mode === 'saas'
      ? [createOrganizationRoutes(services), createMemberRoutes(services), createInvitationRoutes({ ...services, readPage })]
      : []),
  ];
  for (const router of routers) koa.use(router.routes());
  return { koa, mailQueue };
}

// Answers whether the database is there and migrated.
async function findUserTable(database: AuthDatabase): Promise<void> {
  await database.selectFrom('user').select('id').limit(1).execute();
}
