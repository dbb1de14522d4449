import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import { emailSchema, givenPasswordSchema } from '../auth/field-schemas.ts';
import type { EmailVerification } from '../auth/email-verification.ts';
import type { ConfirmPresence } from '../auth/fresh-sign-in.ts';
import { clientInfo } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readSignedIn } from '../http/read-signed-in.ts';
import { redirectUrlSchema } from '../http/redirect-page.ts';
import type { ReadPage } from '../http/redirect-page.ts';
import { presentUser } from '../presenters/present-user.ts';

const verifyBody = z.strictObject({ token: z.string().max(100) });
const resendBody = z.strictObject({ email: emailSchema, redirectUrl: redirectUrlSchema.optional() });
const changeBody = z.strictObject({
  newEmail: emailSchema,
  password: givenPasswordSchema.optional(),
  redirectUrl: redirectUrlSchema.optional(),
});

interface EmailRoutesDeps {
  verification: EmailVerification;
  confirmPresence: ConfirmPresence;
  sessions: Sessions;
  readPage: ReadPage;
}

/** Proving an e-mail address, and changing it. */
export function createEmailRoutes({ verification, confirmPresence, sessions, readPage }: EmailRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/email/verify', async (ctx) => {
    const { token } = await readJson(ctx, verifyBody, bodyLimit);
    ctx.body = { user: presentUser(await verification.verify(token, clientInfo(ctx.req.headers))) };
  });

  router.post('/auth/email/verify/resend', async (ctx) => {
    const { email, redirectUrl } = await readJson(ctx, resendBody, bodyLimit);
    verification.resend(email, readPage(redirectUrl), clientInfo(ctx.req.headers));
    ctx.status = 202;
    ctx.body = { accepted: true };
  });

  router.post('/auth/email/change', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    const { newEmail, password, redirectUrl } = await readJson(ctx, changeBody, bodyLimit);
    const page = readPage(redirectUrl);
    await confirmPresence(signedIn, password, clientInfo(ctx.req.headers));
    verification.requestChange(signedIn.user, newEmail, page);
    ctx.status = 202;
    ctx.body = { accepted: true };
  });

  return router;
}
