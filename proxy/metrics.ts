import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface ProxyMetrics {
  registry: Registry;
  answered(status: number, seconds: number): void;
  clientGone(): void;
}

export function createProxyMetrics(): ProxyMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'authsome_proxy_request_duration_seconds',
    help: 'Time from the request to the end of its answer, by status',
    labelNames: ['status'],
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
    answered: (status, seconds) => duration.observe({ status: String(status) }, seconds),
    clientGone: () => gone.inc(),
  };
}
