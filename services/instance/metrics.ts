import type { Middleware } from 'koa';
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GuessGuardOptions } from '../shared/guard/guess-guard.ts';
import { createGuessCounter } from '../shared/guard/guess-metrics.ts';
import { createRegistry } from '../shared/metrics/service-registry.ts';
import type { MailOutcome } from './email/mail-queue.ts';
import { answeredRoute } from '../shared/http/answered-route.ts';
import { observeStatus } from './http/observe-answer.ts';
import type { InstanceState } from './http/caller.ts';

export interface InstanceMetrics {
  registry: Registry;
  /** Counts and times requests by route pattern, never by path: paths hold ids. */
  observe: Middleware<InstanceState>;
  mailEnded: (outcome: MailOutcome) => void;
  guessEnded: NonNullable<GuessGuardOptions['onEnd']>;
}

export function createInstanceMetrics(): InstanceMetrics {
  const registry = createRegistry();
  const events = new Counter({
    name: 'authsome_instance_auth_events_total',
    help: 'Authentication events: signup, signin, refresh',
    labelNames: ['event'],
    registers: [registry],
  });
  const mails = new Counter({
    name: 'authsome_instance_mails_total',
    help: 'E-mails by how they ended: sent, skipped (no such account, or too many to one address), failed',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'authsome_instance_request_duration_seconds',
    help: 'Time to answer, by route and status',
    labelNames: ['method', 'route', 'status'],
    // Hashing a password takes about 200 ms; the buckets surround that.
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });

  return {
    registry,
    guessEnded: createGuessCounter(registry),
    mailEnded: (outcome) => mails.inc({ outcome }),
    observe: async (ctx, next) => {
      const stop = duration.startTimer({ method: ctx.method });
      await observeStatus(ctx, next, (status) => {
        stop({ route: answeredRoute(ctx) ?? 'none', status: String(status) });
        const [event] = String(ctx.response.get('x-authsome-event')).split(';');
        if (event) events.inc({ event });
      });
    },
  };
}
