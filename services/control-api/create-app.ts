import type Koa from 'koa';
import type { Kysely } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import type { GuessGuard } from '../shared/guard/guess-guard.ts';
import type { HashingGate } from '../shared/guard/hashing-gate.ts';
import { checkUrl } from '../shared/http/check-url.ts';
import { createKoa } from '../shared/http/create-koa.ts';
import type { RequestState } from '../shared/http/create-koa.ts';
import { createHealthRouter } from '../shared/http/health-router.ts';
import type { Log } from '../shared/log.ts';
import type { AccountLimits } from '../shared/plans.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import type { Tracing } from '../shared/tracing.ts';
import type { Auth } from './auth/create-auth.ts';
import type { SessionTokens } from './auth/session-tokens.ts';
import type { RateLimit } from './limits/rate-limit.ts';
import { createApplicationRoutes } from './routes/application-routes.ts';
import { createAccountRoutes, createPublicAuthRoutes } from './routes/auth-routes.ts';
import { createKeyRoutes } from './routes/key-routes.ts';
import { createOperationRoutes } from './routes/operation-routes.ts';
import { createOperatorRepairRoutes } from './routes/operator-repair-routes.ts';
import { createOperatorRoutes } from './routes/operator-routes.ts';
import { createWorkspaceRoutes } from './routes/workspace-routes.ts';
import type { OperationStreams } from './streams/operation-streams.ts';
import type { Effects } from './use-cases/effects.ts';

/** All that the routes need, made by main.ts or a test. */
export interface AppDeps {
  db: Kysely<Database>;
  auth: Auth;
  tokens: SessionTokens;
  /** Counts wrong passwords. */
  guard: GuessGuard;
  /** Lets few passwords at once be hashed. */
  gate: HashingGate;
  /** `signUp` and `operator` by client, `logIn` by account. */
  limits: { signUp: RateLimit; logIn: RateLimit; operator: RateLimit; reads: RateLimit; writes: RateLimit };
  accountLimits: AccountLimits;
  /** Seals the secrets of applications' configurations. */
  box: SecretBox;
  /** Undefined: no operator endpoints. */
  operatorToken: string | undefined;
  effects: Effects;
  streams: OperationStreams;
  regions: readonly string[];
  customerApiUrl: string;
  trustedProxies: number;
  checks: Record<string, () => Promise<void>>;
  tracing?: Tracing;
  log: Log;
}

/** The control API as a Koa application; it opens nothing and listens nowhere. */
export function createApp(deps: AppDeps): Koa<RequestState> {
  const koa = createKoa(deps);
  koa.use(checkUrl);
  const routers = [
    createHealthRouter(deps),
    createPublicAuthRoutes(deps),
    createAccountRoutes(deps),
    createWorkspaceRoutes(deps),
    createApplicationRoutes(deps),
    createOperationRoutes(deps),
    createKeyRoutes(deps),
    ...(deps.operatorToken === undefined
      ? []
      : [createOperatorRoutes(deps, deps.operatorToken), createOperatorRepairRoutes(deps, deps.operatorToken)]),
  ];
  for (const router of routers) koa.use(router.routes() as Koa.Middleware<RequestState>);
  return koa;
}
