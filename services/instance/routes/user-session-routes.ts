import Router from '@koa/router';
import { z } from 'zod';
import { parseInput } from '../../shared/http/parse-input.ts';
import { pageQuery } from '../auth/field-schemas.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Users } from '../auth/users.ts';
import type { InstanceState } from '../http/caller.ts';
import { requireScope } from '../http/require-scope.ts';
import { presentSessionSummary } from '../presenters/present-session.ts';

const listQuery = z.strictObject(pageQuery);

/** What an application's backend may do with its users' sessions. */
export function createUserSessionRoutes({ users, sessions }: { users: Users; sessions: Sessions }): Router<InstanceState> {
  const router = new Router<InstanceState>();
  const manage = requireScope('sessions:manage');

  router.get('/users/:id/sessions', manage, async (ctx) => {
    const { page, pageSize } = parseInput(listQuery, ctx.query);
    const { id } = await users.get(ctx.params.id ?? '');
    const { sessions: found, total } = await sessions.list(id, { page, pageSize });
    ctx.body = { data: found.map(presentSessionSummary), total, page, pageSize };
  });

  router.delete('/users/:id/sessions', manage, async (ctx) => {
    const { id } = await users.get(ctx.params.id ?? '');
    await sessions.endAll(id);
    ctx.status = 204;
  });

  router.delete('/users/:id/sessions/:sessionId', manage, async (ctx) => {
    const { id } = await users.get(ctx.params.id ?? '');
    await sessions.endOne(id, ctx.params.sessionId ?? '');
    ctx.status = 204;
  });

  return router;
}
