import Router from '@koa/router';
import { z } from 'zod';
import { parseInput } from '../../shared/http/parse-input.ts';
import type { Users } from '../auth/users.ts';
import type { InstanceState } from '../http/caller.ts';
import { requireScope } from '../http/require-scope.ts';
import { presentUser } from '../presenters/present-user.ts';

const pageQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
});

/** What an application's backend may do with its secret key. */
export function createUserRoutes(users: Users): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.get('/users', requireScope('users:read'), async (ctx) => {
    const { page, pageSize } = parseInput(pageQuery, ctx.query);
    const { users: found, total } = await users.list({ page, pageSize });
    ctx.body = { data: found.map(presentUser), total, page, pageSize };
  });

  router.get('/users/:id', requireScope('users:read'), async (ctx) => {
    ctx.body = presentUser(await users.get(ctx.params.id ?? ''));
  });

  router.delete('/users/:id', requireScope('users:write'), async (ctx) => {
    await users.remove(ctx.params.id ?? '');
    ctx.status = 204;
  });

  return router;
}
