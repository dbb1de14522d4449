import { stringify } from 'yaml';

/** Where Jaeger listens: traces come in by OTLP over HTTP. */
export const jaegerPorts = { query: 16_686, otlp: 4_318, health: 13_133, metrics: 8_888 } as const;

const everywhere = (port: number): string => `0.0.0.0:${port}`;

/** Jaeger keeps the spans on its own volume (Badger): one process, nothing else to run. */
export function jaegerConfiguration({ retentionDays }: { retentionDays: number }): string {
  return stringify({
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: {
        resource: { 'service.name': 'jaeger' },
        logs: { level: 'warn' },
        metrics: { level: 'basic', readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: jaegerPorts.metrics } } } }] },
      },
    },
    extensions: {
      healthcheckv2: { use_v2: true, http: { endpoint: everywhere(jaegerPorts.health) } },
      jaeger_query: {
        storage: { traces: 'spans' },
        http: { endpoint: everywhere(jaegerPorts.query) },
        // Nobody calls it; without an address it would take one of its own.
        grpc: { endpoint: '127.0.0.1:16685' },
      },
      jaeger_storage: {
        backends: {
          spans: {
            badger: {
              directories: { keys: '/data/keys', values: '/data/values' },
              ephemeral: false,
              ttl: { spans: `${24 * retentionDays}h` },
            },
          },
        },
      },
    },
    receivers: { otlp: { protocols: { http: { endpoint: everywhere(jaegerPorts.otlp) } } } },
    processors: { batch: { timeout: '1s' } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'spans' } },
  });
}
