import Router from '@koa/router';
import type { Registry } from 'prom-client';
import type { RequestState } from './create-koa.ts';

/** A dependency that hangs must not hang the probe: Kubernetes' own probe timeout is set above this. */
const checkTimeoutMs = 2_000;

interface HealthRouterOptions {
  /** What must work for this process to take requests; each rejects where it doesn't. */
  checks: Record<string, () => Promise<void>>;
  registry: Registry;
}

/** `/health` says that the process lives, `/ready` that its dependencies answer (503 otherwise), `/metrics` is for Prometheus. */
export function createHealthRouter({ checks, registry }: HealthRouterOptions): Router<RequestState> {
  const router = new Router<RequestState>();

  router.get('/health', (ctx) => {
    ctx.body = { status: 'ok' };
  });

  router.get('/ready', async (ctx) => {
    const results = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const));
    const ready = results.every(([, result]) => result === 'ok');
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) };
  });

  router.get('/metrics', async (ctx) => {
    ctx.type = registry.contentType;
    ctx.body = await registry.metrics();
  });
  return router;
}

async function runCheck(check: () => Promise<void>): Promise<'ok' | 'failed' | 'timeout'> {
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
