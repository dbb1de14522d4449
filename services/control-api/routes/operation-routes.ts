import Router from '@koa/router';
import { appErrors } from '../../shared/errors.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { AccountState } from '../auth/authenticate.ts';
import type { AppDeps } from '../create-app.ts';
import { presentOperation } from '../presenters/present-operation.ts';
import { presentPage } from '../presenters/present-page.ts';
import { findOperation, listOperations } from '../stores/operation-store.ts';
import type { OperationRow } from '../stores/operation-store.ts';
import { cancelOperation } from '../use-cases/cancel-operation.ts';
import { readApplication } from '../use-cases/read-application.ts';
import { pageQuerySchema, toPage } from './page-query.ts';
import { pathId } from './path-id.ts';

/** Nobody in between may keep, compress or hold back what is streamed. */
const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/** Operations of an application: what was asked of it, and how far that is. */
export function createOperationRoutes(deps: AppDeps): Router<AccountState> {
  const router = new Router<AccountState>({ prefix: '/control/v1/applications/:id/operations' });
  const authenticated = authenticate(deps);

  router.get('/', authenticated, async (ctx) => {
    const query = parseInput(pageQuerySchema, { ...ctx.query });
    const application = await readApplication(deps.db, applicationIds(ctx));
    ctx.body = presentPage(await listOperations(deps.db, application.id, toPage(query)), query, presentOperation);
  });

  router.get('/:operationId', authenticated, async (ctx) => {
    ctx.body = presentOperation(await readOperation(ctx));
  });

  router.delete('/:operationId', authenticated, async (ctx) => {
    const ids = { ...applicationIds(ctx), operationId: pathId('job', ctx.params.operationId) };
    const { operation, ended } = await cancelOperation(deps, ids);
    ctx.status = ended ? 200 : 202;
    ctx.body = presentOperation(operation);
  });

  router.get('/:operationId/events', authenticated, async (ctx) => {
    const operation = await readOperation(ctx);
    if (ctx.method === 'HEAD') {
      ctx.set(streamHeaders);
      ctx.status = 200;
      return;
    }
    await deps.streams.stream({
      ...{ operation, userId: ctx.state.account.id, lastEventId: ctx.get('last-event-id') },
      open() {
        ctx.respond = false;
        ctx.res.writeHead(200, streamHeaders);
        return ctx.res;
      },
    });
  });
  return router;

  async function readOperation(ctx: OperationContext): Promise<OperationRow> {
    const operationId = pathId('job', ctx.params['operationId']);
    const application = await readApplication(deps.db, applicationIds(ctx));
    const operation = await findOperation(deps.db, { applicationId: application.id, operationId });
    if (!operation) throw appErrors.notFound('operation');
    return operation;
  }
}

interface OperationContext {
  params: Record<string, string | undefined>;
  state: AccountState;
}

function applicationIds({ params, state }: OperationContext): { applicationId: string; userId: string } {
  return { applicationId: pathId('app', params['id']), userId: state.account.id };
}
