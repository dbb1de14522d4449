import Router from '@koa/router';
import type Koa from 'koa';
import type { Registry } from 'prom-client';
import { createHealthRouter } from '../shared/http/health-router.ts';
import { createKoa } from '../shared/http/create-koa.ts';
import type { RequestState } from '../shared/http/create-koa.ts';
import type { Log } from '../shared/log.ts';
import type { RunningOperations } from './running-operations.ts';

export interface AppDependencies {
  /** What /ready asks: each rejects where its part doesn't answer. */
  checks: Record<'database' | 'nats' | 'redis', () => Promise<void>>;
  registry: Registry;
  running: Pick<RunningOperations, 'list'>;
  worker: string;
  log: Log;
}

/** The provisioner's HTTP side, for probes, scrapes and operators inside the cluster: it takes no work. */
export function createApp({ checks, registry, running, worker, log }: AppDependencies): Koa<RequestState> {
  const app = createKoa({ log });
  const health = createHealthRouter({ checks, registry });
  const operations = new Router<RequestState>().get('/operations', (ctx) => {
    ctx.body = { worker, operations: running.list() };
  });
  app.use(health.routes()).use(operations.routes());
  return app;
}
