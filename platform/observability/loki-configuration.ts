import { stringify } from 'yaml';

export const lokiPort = 3_100;

/** Loki as one process with its chunks on a volume; what is older than the retention is deleted by its compactor. */
export function lokiConfiguration({ retentionDays }: { retentionDays: number }): string {
  return stringify({
    auth_enabled: false,
    server: { http_listen_port: lokiPort, grpc_listen_port: 9_095, log_level: 'warn' },
    common: {
      path_prefix: '/loki',
      replication_factor: 1,
      ring: { kvstore: { store: 'inmemory' } },
      storage: { filesystem: { chunks_directory: '/loki/chunks', rules_directory: '/loki/rules' } },
    },
    schema_config: {
      configs: [
        { from: '2025-01-01', store: 'tsdb', object_store: 'filesystem', schema: 'v13', index: { prefix: 'index_', period: '24h' } },
      ],
    },
    compactor: { working_directory: '/loki/compactor', retention_enabled: true, delete_request_store: 'filesystem' },
    limits_config: { retention_period: `${24 * retentionDays}h`, allow_structured_metadata: true, volume_enabled: true },
    analytics: { reporting_enabled: false },
  });
}
