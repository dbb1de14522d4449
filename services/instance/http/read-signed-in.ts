import type { ParameterizedContext } from 'koa';
import { readSessionToken } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { SignedIn } from '../auth/stored-user.ts';
import { announceEvent } from './announce-event.ts';
import type { InstanceState } from './caller.ts';

/** Whose session the request carries. @throws unauthorized */
export async function readSignedIn(ctx: ParameterizedContext<InstanceState>, sessions: Sessions): Promise<SignedIn> {
  const { refreshed, ...signedIn } = await sessions.read(readSessionToken(ctx.req.headers));
  if (refreshed) announceEvent(ctx, 'refresh', signedIn.user.id);
  return signedIn;
}
