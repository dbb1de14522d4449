import Router from '@koa/router';
import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import type { RequestState } from '../../shared/http/create-koa.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { authenticateOperator } from '../auth/authenticate-operator.ts';
import type { AppDeps } from '../create-app.ts';
import { presentDeletion, presentDrift, presentInspection } from '../presenters/present-inspection.ts';
import { presentPage } from '../presenters/present-page.ts';
import { presentRepair } from '../presenters/present-repair.ts';
import { presentSweep } from '../presenters/present-sweep.ts';
import { findDeletion, listDrift } from '../stores/inspection-store.ts';
import { listRepairs } from '../stores/repair-store.ts';
import { findSweep, listSweeps } from '../stores/sweep-store.ts';
import { inspectApplication } from '../use-cases/inspect-application.ts';
import { repairApplication } from '../use-cases/repair-application.ts';
import { requestSweep } from '../use-cases/request-sweep.ts';
import { pageQuerySchema, toPage } from './page-query.ts';
import { pathId } from './path-id.ts';

/** repair: what belongs to no application is removed. */
const sweepSchema = z.strictObject({ repair: z.boolean().default(false) });

/** /operator/v1: what is wrong with applications, and the ways out. Each change is a log line of its own. */
export function createOperatorRepairRoutes(deps: AppDeps, token: string): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: '/operator/v1' });
  const authenticated = authenticateOperator({ token, limit: deps.limits.operator });

  router.get('/repairs', authenticated, async (ctx) => {
    const query = parseInput(pageQuerySchema, { ...ctx.query });
    ctx.body = presentPage(await listRepairs(deps.db, toPage(query)), query, presentRepair);
  });

  router.get('/applications/:id', authenticated, async (ctx) => {
    ctx.body = presentInspection(await inspectApplication(deps.db, pathId('app', ctx.params.id)), deps);
  });

  for (const kind of ['retry', 'repair'] as const) {
    router.post(`/applications/:id/${kind}`, authenticated, async (ctx) => {
      const applicationId = pathId('app', ctx.params.id);
      const { application, operationId } = await repairApplication(deps, { applicationId, kind });
      ctx.state.log.info({ applicationId, kind, operationId, address: ctx.ip }, 'Operator asked for an operation');
      ctx.status = 202;
      ctx.body = { id: applicationId, status: application.status, operationId };
    });
  }

  router.post('/sweeps', authenticated, async (ctx) => {
    const sweep = await requestSweep(deps.db, await readJson(ctx, sweepSchema));
    ctx.state.log.info({ sweepId: sweep.id, repair: sweep.repair, address: ctx.ip }, 'Operator asked for a sweep');
    ctx.status = 202;
    ctx.body = presentSweep(sweep);
  });

  router.get('/sweeps', authenticated, async (ctx) => {
    const query = parseInput(pageQuerySchema, { ...ctx.query });
    ctx.body = presentPage(await listSweeps(deps.db, toPage(query)), query, presentSweep);
  });

  router.get('/sweeps/:id', authenticated, async (ctx) => {
    const sweep = await findSweep(deps.db, pathId('swp', ctx.params.id));
    if (!sweep) throw appErrors.notFound('sweep');
    ctx.body = presentSweep(sweep);
  });

  router.get('/drift', authenticated, async (ctx) => {
    const query = parseInput(pageQuerySchema, { ...ctx.query });
    ctx.body = presentPage(await listDrift(deps.db, toPage(query)), query, (row) => ({
      ...presentDrift(row),
      ...{ workspaceId: row.workspace_id, name: row.application_name },
    }));
  });

  router.get('/deletions/:id', authenticated, async (ctx) => {
    const deletion = await findDeletion(deps.db, pathId('app', ctx.params.id));
    if (!deletion) throw appErrors.notFound('deletion');
    ctx.body = presentDeletion(deletion);
  });
  return router;
}
