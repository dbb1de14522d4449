import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { AccountState } from '../auth/authenticate.ts';
import type { AppDeps } from '../create-app.ts';
import { presentPage } from '../presenters/present-page.ts';
import { presentWorkspace } from '../presenters/present-workspace.ts';
import { listWorkspaces } from '../stores/workspace-store.ts';
import { createWorkspace } from '../use-cases/create-workspace.ts';
import { deleteWorkspace, restoreWorkspace } from '../use-cases/delete-workspace.ts';
import { readWorkspace } from '../use-cases/read-workspace.ts';
import { pageQueryFields, toPage } from './page-query.ts';
import { pathId } from './path-id.ts';
import { nameSchema } from './text-schemas.ts';

const metadataValue = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);

const createSchema = z.strictObject({
  name: nameSchema,
  metadata: z
    .record(z.string().min(1).max(100), metadataValue)
    .refine((metadata) => Object.keys(metadata).length <= 50, 'must have at most 50 entries')
    .default({}),
});

/** deleted: those that are, and can be restored, instead. */
const listQuerySchema = z.strictObject({ ...pageQueryFields, deleted: z.enum(['true', 'false']).default('false') });

export function createWorkspaceRoutes(deps: AppDeps): Router<AccountState> {
  const router = new Router<AccountState>({ prefix: '/control/v1/workspaces' });
  const authenticated = authenticate(deps);

  router.post('/', authenticated, async (ctx) => {
    const input = await readJson(ctx, createSchema);
    ctx.body = presentWorkspace(await createWorkspace(deps, { ...input, userId: ctx.state.account.id }));
    ctx.status = 201;
  });

  router.get('/', authenticated, async (ctx) => {
    const query = parseInput(listQuerySchema, { ...ctx.query });
    const filter = { deleted: query.deleted === 'true', page: toPage(query) };
    ctx.body = presentPage(await listWorkspaces(deps.db, ctx.state.account.id, filter), query, presentWorkspace);
  });

  router.get('/:id', authenticated, async (ctx) => {
    const ids = { workspaceId: pathId('ws', ctx.params.id), userId: ctx.state.account.id };
    ctx.body = presentWorkspace(await readWorkspace(deps.db, ids, 'workspace.read'));
  });

  router.delete('/:id', authenticated, async (ctx) => {
    await deleteWorkspace(deps, { workspaceId: pathId('ws', ctx.params.id), userId: ctx.state.account.id });
    ctx.status = 204;
  });

  router.post('/:id/restore', authenticated, async (ctx) => {
    const ids = { workspaceId: pathId('ws', ctx.params.id), userId: ctx.state.account.id };
    ctx.body = presentWorkspace(await restoreWorkspace(deps, ids));
  });
  return router;
}
