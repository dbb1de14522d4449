import Router from '@koa/router';
import { runChecks } from '../metrics/run-checks.ts';
import type { Checks } from '../metrics/run-checks.ts';
import type { RequestState } from './create-koa.ts';

interface HealthRouterOptions {
  /** What must work for this process to take requests; each rejects where it doesn't. */
  checks: Checks;
  /** What it can do without: reported, and no reason to take it out of rotation. */
  degradable?: Checks;
}

/** `/health` says that the process lives, `/ready` that its dependencies answer (503 otherwise). Metrics have a port of their own (serve-metrics.ts). */
export function createHealthRouter({ checks, degradable = {} }: HealthRouterOptions): Router<RequestState> {
  const router = new Router<RequestState>();

  router.get('/health', (ctx) => {
    ctx.body = { status: 'ok' };
  });

  router.get('/ready', async (ctx) => {
    const [required, optional] = await Promise.all([runChecks(checks), runChecks(degradable)]);
    const ready = Object.values(required).every((result) => result === 'ok');
    const degraded = Object.values(optional).some((result) => result !== 'ok');
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? (degraded ? 'degraded' : 'ok') : 'unavailable', checks: { ...required, ...optional } };
  });
  return router;
}
