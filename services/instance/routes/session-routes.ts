import Router from '@koa/router';
import { z } from 'zod';
import { parseInput } from '../../shared/http/parse-input.ts';
import { pageQuery } from '../auth/field-schemas.ts';
import { readSessionToken } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import { announceEvent } from '../http/announce-event.ts';
import type { InstanceState } from '../http/caller.ts';
import { readSignedIn } from '../http/read-signed-in.ts';
import { presentSession, presentSessionSummary } from '../presenters/present-session.ts';

const listQuery = z.strictObject(pageQuery);

/** What a session may do to itself and to the others of its user. */
export function createSessionRoutes(sessions: Sessions): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.get('/auth/session', async (ctx) => {
    ctx.body = presentSession(await readSignedIn(ctx, sessions));
  });

  router.post('/auth/session/refresh', async (ctx) => {
    const refreshed = await sessions.refresh(readSessionToken(ctx.req.headers));
    announceEvent(ctx, 'refresh', refreshed.user.id);
    ctx.body = presentSession(refreshed);
  });

  router.get('/auth/sessions', async (ctx) => {
    const { user, session } = await readSignedIn(ctx, sessions);
    const { page, pageSize } = parseInput(listQuery, ctx.query);
    const { sessions: found, total } = await sessions.list(user.id, { page, pageSize });
    const data = found.map((one) => ({ ...presentSessionSummary(one), current: one.id === session.id }));
    ctx.body = { data, total, page, pageSize };
  });

  router.delete('/auth/sessions/:id', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    await sessions.endOne(user.id, ctx.params.id ?? '');
    ctx.status = 204;
  });

  router.delete('/auth/sessions', async (ctx) => {
    const { user, session } = await readSignedIn(ctx, sessions);
    await sessions.endOthers(user.id, session.id);
    ctx.status = 204;
  });

  return router;
}
