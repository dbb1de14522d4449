import type { Middleware } from 'koa';
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { InstanceState } from './http/caller.ts';

export interface InstanceMetrics {
  registry: Registry;
  /** Counts and times requests by route pattern, never by path: paths hold ids. */
  observe: Middleware<InstanceState>;
}

export function createInstanceMetrics(): InstanceMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const events = new Counter({
    name: 'authsome_instance_auth_events_total',
    help: 'Authentication events: signup, signin, refresh',
    labelNames: ['event'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'authsome_instance_request_duration_seconds',
    help: 'Time to answer, by route and status',
    labelNames: ['method', 'route', 'status'],
    // Hashing a password takes about 50 ms; the buckets surround that.
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });

  return {
    registry,
    observe: async (ctx, next) => {
      const stop = duration.startTimer({ method: ctx.method });
      let status = 500;
      try {
        await next();
        status = ctx.status;
      } catch (err) {
        status = statusOf(err);
        throw err;
      } finally {
        stop({ route: routeOf(ctx), status: String(status) });
        const [event] = String(ctx.response.get('x-authsome-event')).split(';');
        if (event) events.inc({ event });
      }
    },
  };
}

function routeOf(ctx: object): string {
  return '_matchedRoute' in ctx && typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : 'none';
}

function statusOf(err: unknown): number {
  return err instanceof Error && 'status' in err && typeof err.status === 'number' ? err.status : 500;
}
