import Router from '@koa/router';
import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { imageSchema, metadataSchema, pageQuery } from '../auth/field-schemas.ts';
import type { Sessions } from '../auth/sessions.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readActor } from '../http/read-actor.ts';
import type { Actor, StoredOrganization } from '../organizations/organization-access.ts';
import type { Organizations } from '../organizations/organizations.ts';
import { presentFullOrganization, presentOrganization } from '../presenters/present-organization.ts';

const fields = {
  name: z.string().trim().min(1).max(100),
  slug: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters and digits, with single dashes between'),
  logo: imageSchema,
  metadata: metadataSchema,
};
const createBody = z.strictObject({ ...z.object(fields).partial().shape, name: fields.name, ownerId: z.string().max(100).optional() });
const updateBody = z.strictObject(fields).partial();
const listQuery = z.strictObject({ ...pageQuery, search: z.string().trim().min(1).max(100).optional() });

interface OrganizationRoutesDeps {
  organizations: Organizations;
  sessions: Sessions;
}

/** Organizations, for their members by session and for the backend by secret key. */
export function createOrganizationRoutes({ organizations, sessions }: OrganizationRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.post('/organizations', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    const { ownerId, ...organization } = await readJson(ctx, createBody, bodyLimit);
    refuseBackendFields(actor, { ownerId, metadata: organization.metadata });
    const owner = 'user' in actor ? actor.user.id : ownerId;
    if (owner === undefined) throw appErrors.invalidRequest({ field: 'ownerId', reason: 'is required' });
    ctx.body = present(await organizations.create(organization, owner, actor), actor);
    ctx.status = 201;
  });

  router.get('/organizations', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:read');
    const { page, pageSize, search } = parseInput(listQuery, ctx.query);
    const { organizations: found, total } = await organizations.list(actor, { page, pageSize, search });
    ctx.body = { data: found.map((organization) => present(organization, actor)), total, page, pageSize };
  });

  router.get('/organizations/:id', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:read');
    ctx.body = present(await organizations.get(ctx.params.id ?? '', actor), actor);
  });

  router.patch('/organizations/:id', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    const change = await readJson(ctx, updateBody, bodyLimit);
    refuseBackendFields(actor, { metadata: change.metadata });
    ctx.body = present(await organizations.update(ctx.params.id ?? '', change, actor), actor);
  });

  router.delete('/organizations/:id', async (ctx) => {
    const actor = await readActor(ctx, sessions, 'organizations:write');
    await organizations.remove(ctx.params.id ?? '', actor);
    ctx.status = 204;
  });

  return router;
}

function present(organization: StoredOrganization, actor: Actor) {
  return 'user' in actor ? presentOrganization(organization) : presentFullOrganization(organization);
}

/** Fields that the backend keeps for itself. */
function refuseBackendFields(actor: Actor, given: Record<string, unknown>): void {
  if ('backend' in actor) return;
  const [field] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (field !== undefined) throw appErrors.invalidRequest({ field, reason: 'needs a secret key' });
}
