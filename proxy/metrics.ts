import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { createRegistry } from '../services/shared/metrics/service-registry.ts';

export interface ProxyMetrics {
  registry: Registry;
  /** @param reason why the proxy itself refused, such as `suspended`; undefined where the instance answered */
  answered(answer: { status: number; reason: string | undefined; seconds: number }): void;
  clientGone(): void;
}

export function createProxyMetrics(): ProxyMetrics {
  const registry = createRegistry();
  const duration = new Histogram({
    name: 'authsome_proxy_request_duration_seconds',
    help: 'Time from the request to the end of its answer, by status and, where the proxy itself refused, why',
    labelNames: ['status', 'reason'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25],
    registers: [registry],
  });
  const gone = new Counter({
    name: 'authsome_proxy_client_gone_total',
    help: 'Requests whose client left before the answer ended',
    registers: [registry],
  });
  return {
    registry,
    answered: ({ status, reason, seconds }) => duration.observe({ status: String(status), reason: reason ?? '' }, seconds),
    clientGone: () => gone.inc(),
  };
}
