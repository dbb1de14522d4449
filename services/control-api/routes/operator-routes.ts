import Router from '@koa/router';
import { z } from 'zod';
import type { RequestState } from '../../shared/http/create-koa.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { planNames } from '../../shared/plans.ts';
import { authenticateOperator } from '../auth/authenticate-operator.ts';
import type { AppDeps } from '../create-app.ts';
import { setWorkspacePlan } from '../use-cases/set-workspace-plan.ts';
import { pathId } from './path-id.ts';

const planSchema = z.strictObject({ plan: z.enum(planNames) });

/** /operator/v1: for whoever runs the platform. Each change is a log line of its own. */
export function createOperatorRoutes(deps: AppDeps, token: string): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: '/operator/v1' });
  const authenticated = authenticateOperator({ token, limit: deps.limits.operator });

  router.put('/workspaces/:id/plan', authenticated, async (ctx) => {
    const workspaceId = pathId('ws', ctx.params.id);
    const { plan } = await readJson(ctx, planSchema);
    const { workspace, previousPlan, updating } = await setWorkspacePlan(deps, { workspaceId, plan });
    ctx.state.log.info({ workspaceId, previousPlan, plan, updating, address: ctx.ip }, 'Operator set the plan of a workspace');
    ctx.status = updating.length > 0 ? 202 : 200;
    ctx.body = { id: workspace.id, name: workspace.name, plan: workspace.plan, previousPlan, updating };
  });
  return router;
}
