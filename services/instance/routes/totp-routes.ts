import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import { givenPasswordSchema } from '../auth/field-schemas.ts';
import { clientInfo } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Totp } from '../auth/totp.ts';
import { answerSignIn } from '../http/answer-sign-in.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readSignedIn } from '../http/read-signed-in.ts';
import { presentUser } from '../presenters/present-user.ts';

/** Six digits, or a backup code. */
const code = z.string().trim().min(6).max(32);
const enrolBody = z.strictObject({ password: givenPasswordSchema.optional(), issuer: z.string().trim().min(1).max(64).optional() });
const codeBody = z.strictObject({ code });
const challengeBody = z.strictObject({ challengeToken: z.string().max(100), code });

/** One-time codes as second factor. */
export function createTotpRoutes({ totp, sessions }: { totp: Totp; sessions: Sessions }): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/totp/enrol', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    ctx.body = await totp.enrol(signedIn, await readJson(ctx, enrolBody, bodyLimit), clientInfo(ctx.req.headers));
  });

  router.post('/auth/totp/verify', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    const body = await readJson(ctx, codeBody, bodyLimit);
    ctx.body = { user: presentUser(await totp.confirm(signedIn, body.code, clientInfo(ctx.req.headers))) };
  });

  router.post('/auth/totp/backup-codes', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    const body = await readJson(ctx, codeBody, bodyLimit);
    ctx.body = { backupCodes: await totp.renewBackupCodes(signedIn, body.code, clientInfo(ctx.req.headers)) };
  });

  router.post('/auth/totp/disable', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    const body = await readJson(ctx, codeBody, bodyLimit);
    await totp.disable(signedIn, body.code, clientInfo(ctx.req.headers));
    ctx.status = 204;
  });

  router.post('/auth/totp/challenge', async (ctx) => {
    const body = await readJson(ctx, challengeBody, bodyLimit);
    answerSignIn(ctx, { signedIn: await totp.answerChallenge(body, clientInfo(ctx.req.headers)) });
  });

  return router;
}
