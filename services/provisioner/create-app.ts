import Router from '@koa/router';
import type Koa from 'koa';
import { createHealthRouter } from '../shared/http/health-router.ts';
import { createKoa } from '../shared/http/create-koa.ts';
import type { RequestState } from '../shared/http/create-koa.ts';
import type { Log } from '../shared/log.ts';
import type { Checks } from '../shared/metrics/run-checks.ts';
import type { RunningOperations } from './running-operations.ts';

export interface AppDependencies {
  /** What /ready asks. */
  checks: Checks;
  running: Pick<RunningOperations, 'list'>;
  worker: string;
  log: Log;
}

/** The provisioner's HTTP side, for probes and operators inside the cluster: it takes no work. */
export function createApp({ checks, running, worker, log }: AppDependencies): Koa<RequestState> {
  const app = createKoa({ log });
  const health = createHealthRouter({ checks });
  const operations = new Router<RequestState>().get('/operations', (ctx) => {
    ctx.body = { worker, operations: running.list() };
  });
  app.use(health.routes()).use(operations.routes());
  return app;
}
