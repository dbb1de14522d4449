import Router from '@koa/router';
import { z } from 'zod';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { emailSchema, pageQuery } from '../auth/field-schemas.ts';
import { clientInfo } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readActor } from '../http/read-actor.ts';
import { readSignedIn } from '../http/read-signed-in.ts';
import { redirectUrlSchema } from '../http/redirect-page.ts';
import type { ReadPage } from '../http/redirect-page.ts';
import type { Invitations } from '../organizations/invitations.ts';
import { roleSchema } from '../organizations/roles.ts';
import { presentInvitation, presentOwnInvitation } from '../presenters/present-organization.ts';

const listQuery = z.strictObject(pageQuery);
const inviteBody = z.strictObject({ email: emailSchema, role: roleSchema.default('member'), redirectUrl: redirectUrlSchema.optional() });
const answerBody = z.union([z.strictObject({ id: z.string().max(100) }), z.strictObject({ token: z.string().max(100) })], {
  error: 'must have either id or token',
});

interface InvitationRoutesDeps {
  invitations: Invitations;
  sessions: Sessions;
  readPage: ReadPage;
}

/** Invitations: an organization's, and those to oneself. */
export function createInvitationRoutes({ invitations, sessions, readPage }: InvitationRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/organizations/:id/invitations', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    const { email, role, redirectUrl } = await readJson(ctx, inviteBody, bodyLimit);
    const page = readPage(redirectUrl);
    ctx.body = presentInvitation(await invitations.create(ctx.params.id ?? '', { email, role, page }, actor));
    ctx.status = 201;
  });

  router.get('/organizations/:id/invitations', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:read');
    const { page, pageSize } = parseInput(listQuery, ctx.query);
    const { invitations: found, total } = await invitations.list(ctx.params.id ?? '', { page, pageSize }, actor);
    ctx.body = { data: found.map(presentInvitation), total, page, pageSize };
  });

  router.delete('/organizations/:id/invitations/:invitationId', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    await invitations.cancel(ctx.params.id ?? '', ctx.params.invitationId ?? '', actor);
    ctx.status = 204;
  });

  router.get('/auth/invitations', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    const { page, pageSize } = parseInput(listQuery, ctx.query);
    const { invitations: found, total } = await invitations.listOwn(user, { page, pageSize });
    ctx.body = { data: found.map(presentOwnInvitation), total, page, pageSize };
  });

  router.post('/auth/invitations/accept', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    ctx.body = await invitations.accept(user, await readJson(ctx, answerBody, bodyLimit), clientInfo(ctx.req.headers));
  });

  router.post('/auth/invitations/reject', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    await invitations.reject(user, await readJson(ctx, answerBody, bodyLimit), clientInfo(ctx.req.headers));
    ctx.status = 204;
  });

  return router;
}
