import Router from '@koa/router';
import { z } from 'zod';
import { appConfigSchema } from '../../shared/app-config.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { isJsonObject } from '../../shared/merge-patch.ts';
import { appStatuses } from '../../shared/routes/route.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { AccountState } from '../auth/authenticate.ts';
import type { AppDeps } from '../create-app.ts';
import { presentApplication } from '../presenters/present-application.ts';
import { presentPage } from '../presenters/present-page.ts';
import { listApplications } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { createApplication } from '../use-cases/create-application.ts';
import {
  deleteApplication,
  destroyApplication,
  restartApplication,
  restoreApplication,
  resumeApplication,
  suspendApplication,
} from '../use-cases/change-application.ts';
import type { Commanded } from '../use-cases/command-application.ts';
import { readApplication } from '../use-cases/read-application.ts';
import { readWorkspace } from '../use-cases/read-workspace.ts';
import { updateApplication } from '../use-cases/update-application.ts';
import { pageQueryFields, toPage } from './page-query.ts';
import { pathId } from './path-id.ts';
import { environmentSchema, nameSchema, slugSchema } from './text-schemas.ts';

const createSchema = (regions: readonly string[]) =>
  z.strictObject({
    name: nameSchema,
    slug: slugSchema,
    environment: environmentSchema,
    // Where nothing is said, the first region that is offered.
    region: z.enum(regions).default(regions[0] ?? ''),
    config: appConfigSchema.prefault({}),
  });

const updateSchema = z
  .strictObject({
    name: nameSchema.optional(),
    // A merge patch: what comes out of it is checked, once it is merged.
    config: z.custom<Record<string, unknown>>(isJsonObject, 'must be an object').optional(),
  })
  .refine(({ name, config }) => name !== undefined || config !== undefined, 'must have a name or a config');

const listQuerySchema = z.strictObject({
  ...pageQueryFields,
  environment: environmentSchema.optional(),
  status: z.enum(appStatuses).optional(),
});

/** permanent: no grace period, all data gone. */
const deleteQuerySchema = z.strictObject({ permanent: z.enum(['true', 'false']).default('false') });

export function createApplicationRoutes(deps: AppDeps): Router<AccountState> {
  const router = new Router<AccountState>({ prefix: '/control/v1' });
  const authenticated = authenticate(deps);
  const bodySchema = createSchema(deps.regions);
  const present = (row: ApplicationRow) => presentApplication(row, deps);

  router.post('/workspaces/:id/applications', authenticated, async (ctx) => {
    const ids = { workspaceId: pathId('ws', ctx.params.id), userId: ctx.state.account.id };
    const input = await readJson(ctx, bodySchema);
    const { application, publicKey, secretKey } = await createApplication(deps, { ...ids, ...input });
    ctx.status = 202;
    ctx.body = { ...present(application), publicKey, secretKey };
  });

  router.get('/workspaces/:id/applications', authenticated, async (ctx) => {
    const ids = { workspaceId: pathId('ws', ctx.params.id), userId: ctx.state.account.id };
    const query = parseInput(listQuerySchema, { ...ctx.query });
    const workspace = await readWorkspace(deps.db, ids, 'application.read');
    ctx.body = presentPage(await listApplications(deps.db, workspace.id, { filter: query, page: toPage(query) }), query, present);
  });

  router.get('/applications/:id', authenticated, async (ctx) => {
    const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
    ctx.body = present(await readApplication(deps.db, ids));
  });

  router.patch('/applications/:id', authenticated, async (ctx) => {
    const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
    const input = await readJson(ctx, updateSchema);
    const { application, reconciling } = await updateApplication(deps, { ...ids, ...input });
    ctx.status = reconciling ? 202 : 200;
    ctx.body = present(application);
  });

  router.delete('/applications/:id', authenticated, async (ctx) => {
    const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
    const { permanent } = parseInput(deleteQuerySchema, { ...ctx.query });
    answer(ctx, await (permanent === 'true' ? destroyApplication : deleteApplication)(deps, ids));
  });

  const commands = { restart: restartApplication, suspend: suspendApplication, resume: resumeApplication, restore: restoreApplication };
  for (const [name, run] of Object.entries(commands)) {
    router.post(`/applications/:id/${name}`, authenticated, async (ctx) => {
      const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
      answer(ctx, await run(deps, ids));
    });
  }
  return router;

  /** 202 where an operation begins, 200 where nothing is left to be done. */
  function answer(ctx: { status: number; body: unknown }, { application, operationId }: Commanded): void {
    ctx.status = operationId === null ? 200 : 202;
    ctx.body = { ...present(application), operationId };
  }
}
