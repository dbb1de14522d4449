import Router from '@koa/router';
import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { pageQuery } from '../auth/field-schemas.ts';
import type { Sessions } from '../auth/sessions.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readActor } from '../http/read-actor.ts';
import type { Members } from '../organizations/members.ts';
import { roleSchema } from '../organizations/roles.ts';
import { presentMember } from '../presenters/present-organization.ts';

const listQuery = z.strictObject(pageQuery);
const addBody = z.strictObject({ userId: z.string().max(100), role: roleSchema.default('member') });
const roleBody = z.strictObject({ role: roleSchema });

/** Who belongs to an organization, and as what. */
export function createMemberRoutes({ members, sessions }: { members: Members; sessions: Sessions }): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.get('/organizations/:id/members', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:read');
    const { page, pageSize } = parseInput(listQuery, ctx.query);
    const { members: found, total } = await members.list(ctx.params.id ?? '', { page, pageSize }, actor);
    ctx.body = { data: found.map(presentMember), total, page, pageSize };
  });

  router.post('/organizations/:id/members', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    // A user invites: nobody becomes a member without being asked.
    if ('user' in actor) throw appErrors.forbidden('secret_key_required');
    ctx.body = presentMember(await members.add(ctx.params.id ?? '', await readJson(ctx, addBody, bodyLimit), actor));
    ctx.status = 201;
  });

  router.patch('/organizations/:id/members/:memberId', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    const { role } = await readJson(ctx, roleBody, bodyLimit);
    ctx.body = presentMember(await members.changeRole(ctx.params.id ?? '', ctx.params.memberId ?? '', role, actor));
  });

  router.delete('/organizations/:id/members/:memberId', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    await members.remove(ctx.params.id ?? '', ctx.params.memberId ?? '', actor);
    ctx.status = 204;
  });

  return router;
}
