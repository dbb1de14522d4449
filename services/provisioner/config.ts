import { fileURLToPath } from 'node:url';
import { hostname } from 'node:os';
import { z } from 'zod';
import { tracingConfig } from '../shared/tracing.ts';
import { base64Key, commonConfig, connectionUrl, metricsConfig } from '../shared/config.ts';

/** In the sources the child is a program beside this one's folder; in an image it is another bundle, named by OPERATION_CHILD. */
const defaultOperationChild = fileURLToPath(new URL('../../stacks/operation-child.ts', import.meta.url));

const milliseconds = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

/** The provisioner's environment. Every duration is in milliseconds. */
export const configSchema = z
  .object({
    ...commonConfig,
    ...metricsConfig,
    ...tracingConfig,
    DATABASE_URL: connectionUrl('postgres', 'postgresql'),
    REDIS_URL: connectionUrl('redis', 'rediss'),
    NATS_URL: connectionUrl('nats', 'tls'),
    ENCRYPTION_KEY: base64Key,
    // Read by the pulumi CLI in the child; named here so that a missing one is reported at the start, not at the first job.
    PULUMI_BACKEND_URL: connectionUrl('postgres', 'postgresql'),
    PULUMI_CONFIG_PASSPHRASE: z.string().min(1),
    PULUMI_HOME: z.string().min(1),
    TENANT_SETTINGS_FILE: z.string().min(1),
    OPERATION_CHILD: z.string().min(1).default(defaultOperationChild),
    WORKER_NAME: z.string().min(1).default(hostname()),
    /** Operations at the same time in this process; each is one child of about 300 MB. */
    CONCURRENCY: z.coerce.number().int().min(1).max(32).default(2),
    /** Copies of the job stream; 3 where NATS is a cluster of three. */
    NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
    OPERATION_TIMEOUT_MS: milliseconds(600_000),
    DRAIN_TIMEOUT_MS: milliseconds(25_000),
    /** Between SIGINT and SIGKILL. With the drain it must stay below the 30 s after which the process is forced to end. */
    CANCEL_GRACE_MS: milliseconds(4_000),
    HEARTBEAT_MS: milliseconds(3_000),
    /** A running operation whose heartbeat is older than this belongs to a dead worker. */
    LEASE_TTL_MS: milliseconds(15_000),
    RETRY_BASE_MS: milliseconds(2_000),
    RECONCILE_INTERVAL_MS: milliseconds(2_000),
    /** An open job that nobody works on is announced again when its last announcement is older than this. */
    REPUBLISH_AFTER_MS: milliseconds(5_000),
    /** How long an attempt waits for the cluster's API server to answer, before it begins. */
    CLUSTER_WAIT_MS: milliseconds(60_000),
    /** How long an `up` waits for a namespace to be gone that somebody deletes. */
    NAMESPACE_WAIT_MS: milliseconds(60_000),
    /** How long what is left in a namespace may take to end by itself before a destruction removes its finalizers; pods have 30 s. */
    NAMESPACE_PATIENCE_MS: milliseconds(45_000),

    // What one provisioner, the leader, does for all.
    WATCHDOG_INTERVAL_MS: milliseconds(5_000),
    /** Between two searches for orphans that nobody has asked for; they only report. */
    SWEEP_INTERVAL_MS: milliseconds(3_600_000),
    /** Between two looks for a sweep that an operator has asked for. */
    SWEEP_POLL_MS: milliseconds(2_000),
    /** An application whose row changed later than this is left out of a sweep: its things are just being made or removed. */
    SWEEP_QUIET_MS: milliseconds(120_000),
    /** Between two looks at one application's stack for drift. */
    DRIFT_INTERVAL_MS: milliseconds(86_400_000),
    /** Between two looks for an application whose turn it is. */
    DRIFT_POLL_MS: milliseconds(15_000),
    HISTORY_INTERVAL_MS: milliseconds(600_000),
    /** Updates of each stack of which the state database keeps the checkpoint. */
    HISTORY_KEPT: z.coerce.number().int().min(1).default(5),
  })
  .refine((config) => config.LEASE_TTL_MS >= 3 * config.HEARTBEAT_MS, {
    path: ['LEASE_TTL_MS'],
    error: 'must be at least three times HEARTBEAT_MS, so that one late heartbeat does not lose the lease',
  });

export type Config = Readonly<z.output<typeof configSchema>>;
