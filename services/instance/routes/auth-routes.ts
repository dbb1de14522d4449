import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import type { Accounts } from '../auth/accounts.ts';
import { passwordLength } from '../auth/create-auth.ts';
import { clientInfo, readSessionToken } from '../auth/session-token.ts';
import { announceEvent } from '../http/announce-event.ts';
import type { InstanceState } from '../http/caller.ts';
import { presentSession } from '../presenters/present-session.ts';

/** The largest valid body is under 2 KiB. */
const limitBytes = 16_384;

// 254 characters is the longest address that SMTP can carry (RFC 5321, erratum 1690).
const email = z.email().max(254);
const newPassword = z.string().min(passwordLength.min).max(passwordLength.max);
/** A password to be compared: whatever its length, it is right or wrong, never malformed; the bound keeps hashing cheap. */
const givenPassword = z.string().min(1).max(passwordLength.max);

const signUpBody = z.strictObject({ email, password: newPassword, name: z.string().trim().max(100).optional() });
const signInBody = z.strictObject({ email, password: givenPassword });
const changePasswordBody = z.strictObject({ currentPassword: givenPassword, newPassword });

/** What any key may do: sign up, sign in, and what a session may do to itself. */
export function createAuthRoutes(accounts: Accounts): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/auth/signup', async (ctx) => {
    const signedUp = await accounts.signUp(await readJson(ctx, signUpBody, { limitBytes }), clientInfo(ctx.req.headers));
    // Without a session nobody has authenticated yet; and for a taken address better-auth makes up a user, so as not to give it away.
    if (signedUp.session) announceEvent(ctx, 'signup', signedUp.user.id);
    ctx.status = 201;
    ctx.body = presentSession(signedUp);
  });

  router.post('/auth/signin', async (ctx) => {
    const signedIn = await accounts.signIn(await readJson(ctx, signInBody, { limitBytes }), clientInfo(ctx.req.headers));
    announceEvent(ctx, 'signin', signedIn.user.id);
    ctx.body = presentSession(signedIn);
  });

  router.post('/auth/signout', async (ctx) => {
    await accounts.signOut(readSessionToken(ctx.req.headers));
    ctx.status = 204;
  });

  router.get('/auth/session', async (ctx) => {
    const { refreshed, ...signedIn } = await accounts.readSession(readSessionToken(ctx.req.headers));
    if (refreshed) announceEvent(ctx, 'refresh', signedIn.user.id);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = presentSession(signedIn);
  });

  router.post('/auth/password/change', async (ctx) => {
    const token = readSessionToken(ctx.req.headers);
    ctx.body = presentSession(await accounts.changePassword(token, await readJson(ctx, changePasswordBody, { limitBytes })));
  });

  return router;
}
