import Router from '@koa/router';
import { z } from 'zod';
import { clientKey } from '../../shared/guard/client-key.ts';
import type { RequestContext, RequestState } from '../../shared/http/create-koa.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { AccountState } from '../auth/authenticate.ts';
import { passwordLength } from '../auth/create-auth.ts';
import type { AppDeps } from '../create-app.ts';
import { presentAccount } from '../presenters/present-account.ts';
import { deleteSession } from '../stores/account-store.ts';
import { logIn, signUp } from '../use-cases/open-session.ts';
import type { Client, OpenedSession } from '../use-cases/open-session.ts';
import { nameSchema } from './text-schemas.ts';

const email = z.email().max(254);

const signUpSchema = z.strictObject({
  name: nameSchema,
  email,
  password: z.string().min(passwordLength.min).max(passwordLength.max),
});

// No lower bound here: a login says nothing about the policy.
const logInSchema = z.strictObject({ email, password: z.string().min(1).max(passwordLength.max) });

/** /auth without a token: signup and login. */
export function createPublicAuthRoutes(deps: AppDeps): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: '/control/v1/auth' });

  router.post('/signup', async (ctx) => {
    await deps.limits.signUp.count(clientKey(ctx.ip) ?? ctx.ip);
    const input = await readJson(ctx, signUpSchema);
    ctx.body = presentSession(await signUp(deps, { ...input, client: clientOf(ctx) }));
    ctx.status = 201;
  });

  router.post('/login', async (ctx) => {
    const input = await readJson(ctx, logInSchema);
    ctx.body = presentSession(await logIn(deps, { ...input, client: clientOf(ctx) }));
  });
  return router;
}

/** /auth with a token: me and logout. */
export function createAccountRoutes(deps: AppDeps): Router<AccountState> {
  const router = new Router<AccountState>({ prefix: '/control/v1/auth' });
  const authenticated = authenticate(deps);

  router.get('/me', authenticated, (ctx) => {
    ctx.body = { user: presentAccount(ctx.state.account) };
  });

  router.post('/logout', authenticated, async (ctx) => {
    await deleteSession(deps.db, ctx.state.sessionId);
    ctx.status = 204;
  });
  return router;
}

function presentSession({ token, account }: OpenedSession): { token: string; user: ReturnType<typeof presentAccount> } {
  return { token, user: presentAccount(account) };
}

function clientOf(ctx: RequestContext): Client {
  return { address: ctx.ip, userAgent: ctx.get('user-agent').slice(0, 500) };
}
