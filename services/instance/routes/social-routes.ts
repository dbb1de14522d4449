import Router from '@koa/router';
import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { clientInfo } from '../auth/session-token.ts';
import { answerSignIn } from '../http/answer-sign-in.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { redirectUrlSchema } from '../http/redirect-page.ts';
import type { ReadPage } from '../http/redirect-page.ts';
import type { SocialSignIn } from '../social/social-sign-in.ts';

const startBody = z.strictObject({ redirectUrl: redirectUrlSchema });
const namePart = z.string().max(100).optional();
const callbackBody = z.strictObject({
  code: z.string().min(1).max(4_096),
  state: z.string().max(100),
  iss: z.string().max(2_048).optional(),
  user: z.object({ name: z.object({ firstName: namePart, lastName: namePart }).optional() }).optional(),
});

/** Sign-in through a provider, which returns the browser to a page of the customer's. */
export function createSocialRoutes({ social, readPage }: { social: SocialSignIn; readPage: ReadPage }): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/social/:provider/start', async (ctx) => {
    const { redirectUrl } = await readJson(ctx, startBody, bodyLimit);
    const page = readPage(redirectUrl);
    if (!page) throw appErrors.invalidRequest({ field: 'redirectUrl', reason: 'is required' });
    ctx.body = { url: await social.start(ctx.params.provider ?? '', page) };
  });

  router.post('/auth/social/:provider/callback', async (ctx) => {
    const body = await readJson(ctx, callbackBody, bodyLimit);
    const { isNew, ...outcome } = await social.finish(ctx.params.provider ?? '', body, clientInfo(ctx.req.headers));
    answerSignIn(ctx, outcome, isNew ? 'signup' : 'signin');
    if (isNew) ctx.status = 201;
  });

  return router;
}
