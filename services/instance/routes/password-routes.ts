import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import { emailSchema, givenPasswordSchema, newPasswordSchema } from '../auth/field-schemas.ts';
import type { Passwords } from '../auth/passwords.ts';
import { clientInfo, readSessionToken } from '../auth/session-token.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { redirectUrlSchema } from '../http/redirect-page.ts';
import type { ReadPage } from '../http/redirect-page.ts';
import { presentSession } from '../presenters/present-session.ts';

const changeBody = z.strictObject({ currentPassword: givenPasswordSchema, newPassword: newPasswordSchema });
const forgotBody = z.strictObject({ email: emailSchema, redirectUrl: redirectUrlSchema.optional() });
const resetBody = z.strictObject({ token: z.string().max(100), newPassword: newPasswordSchema });

/** Changing a password, and setting a new one by e-mail. */
export function createPasswordRoutes({ passwords, readPage }: { passwords: Passwords; readPage: ReadPage }): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/password/change', async (ctx) => {
    const token = readSessionToken(ctx.req.headers);
    const body = await readJson(ctx, changeBody, bodyLimit);
    ctx.body = presentSession(await passwords.change(token, body, clientInfo(ctx.req.headers)));
  });

  router.post('/auth/password/forgot', async (ctx) => {
    const { email, redirectUrl } = await readJson(ctx, forgotBody, bodyLimit);
    passwords.forgot(email, readPage(redirectUrl), clientInfo(ctx.req.headers));
    ctx.status = 202;
    ctx.body = { accepted: true };
  });

  router.post('/auth/password/reset', async (ctx) => {
    await passwords.reset(await readJson(ctx, resetBody, bodyLimit), clientInfo(ctx.req.headers));
    ctx.status = 204;
  });

  return router;
}
