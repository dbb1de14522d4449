import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import { emailSchema, givenPasswordSchema, nameSchema, newPasswordSchema } from '../auth/field-schemas.ts';
import { clientInfo, readSessionToken } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { SignIn } from '../auth/sign-in.ts';
import type { SignUp } from '../auth/sign-up.ts';
import type { AccountMails } from '../email/account-mails.ts';
import { announceEvent } from '../http/announce-event.ts';
import { answerSignIn } from '../http/answer-sign-in.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { redirectUrlSchema } from '../http/redirect-page.ts';
import type { ReadPage } from '../http/redirect-page.ts';
import { presentSession } from '../presenters/present-session.ts';

const signUpBody = z.strictObject({
  email: emailSchema,
  password: newPasswordSchema,
  name: nameSchema.optional(),
  redirectUrl: redirectUrlSchema.optional(),
});
const signInBody = z.strictObject({ email: emailSchema, password: givenPasswordSchema });

interface SignInRoutesDeps {
  signUp: SignUp;
  signIn: SignIn;
  sessions: Sessions;
  mails: AccountMails;
  readPage: ReadPage;
}

/** Signing up, in and out with a password. */
export function createSignInRoutes({ signUp, signIn, sessions, mails, readPage }: SignInRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/signup', async (ctx) => {
    const { redirectUrl, ...account } = await readJson(ctx, signUpBody, bodyLimit);
    const page = readPage(redirectUrl);
    const client = clientInfo(ctx.req.headers);
    const signedUp = await signUp(account, client);
    // Without a session nobody has authenticated yet; and for a taken address the user is made up, so as not to give it away.
    if (signedUp.session) announceEvent(ctx, 'signup', signedUp.user.id);
    else if (mails.isConfigured) mails.sendSignUp(account.email, page, { pendingId: signedUp.pendingId, client: client.key });
    ctx.status = 201;
    ctx.body = presentSession(signedUp);
  });

  router.post('/auth/signin', async (ctx) => {
    answerSignIn(ctx, await signIn(await readJson(ctx, signInBody, bodyLimit), clientInfo(ctx.req.headers)));
  });

  router.post('/auth/signout', async (ctx) => {
    await sessions.end(readSessionToken(ctx.req.headers));
    ctx.status = 204;
  });

  return router;
}
