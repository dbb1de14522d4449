import Router from '@koa/router';
import type { AccessTokens } from '../auth/access-tokens.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { InstanceState } from '../http/caller.ts';
import { readSignedIn } from '../http/read-signed-in.ts';

/** A new key is published before most verifiers have dropped what they remember; those that meet an unknown key ask again. */
const keysMaxAgeSeconds = 300;

/** JWTs for a session, and the keys to verify them with. */
export function createTokenRoutes({ accessTokens, sessions }: { accessTokens: AccessTokens; sessions: Sessions }): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.get('/auth/jwks', async (ctx) => {
    ctx.body = await accessTokens.keys();
    ctx.set('Cache-Control', `public, max-age=${keysMaxAgeSeconds}`);
  });

  router.post('/auth/token', async (ctx) => {
    const { token, expiresAt } = await accessTokens.issue(await readSignedIn(ctx, sessions));
    ctx.body = { token, expiresAt: expiresAt.toISOString() };
  });

  return router;
}
