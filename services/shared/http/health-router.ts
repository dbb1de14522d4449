import Router from '@koa/router';
import type { Registry } from 'prom-client';
import type { RequestState } from './create-koa.ts';

/** A dependency that hangs must not hang the probe: Kubernetes' own probe timeout is set above this. */
const checkTimeoutMs = 2_000;

type Checks = Record<string, () => Promise<void>>;

interface HealthRouterOptions {
  /** What must work for this process to take requests; each rejects where it doesn't. */
  checks: Checks;
  /** What it can do without: reported, and no reason to take it out of rotation. */
  degradable?: Checks;
  /** Left out where metrics have a port of their own (serve-metrics.ts). */
  registry?: Registry;
}

/** `/health` says that the process lives, `/ready` that its dependencies answer (503 otherwise), `/metrics` is for Prometheus. */
export function createHealthRouter({ checks, degradable = {}, registry }: HealthRouterOptions): Router<RequestState> {
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

  if (registry) {
    router.get('/metrics', async (ctx) => {
      ctx.type = registry.contentType;
      ctx.body = await registry.metrics();
    });
  }
  return router;
}

type CheckResult = 'ok' | 'failed' | 'timeout';

async function runChecks(checks: Checks): Promise<Record<string, CheckResult>> {
  return Object.fromEntries(await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const)));
}

async function runCheck(check: () => Promise<void>): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), checkTimeoutMs);
  });
  try {
    return await Promise.race([
      check().then(
        () => 'ok' as const,
        () => 'failed' as const,
      ),
      timeout,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
