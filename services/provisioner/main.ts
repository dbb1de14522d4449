import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { sql } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import { parseConfig } from '../shared/config.ts';
import { createDatabase } from '../shared/db/database.ts';
import { listen } from '../shared/http/listen.ts';
import { serveMetrics } from '../shared/http/serve-metrics.ts';
import { ensureStreams } from '../shared/jobs/ensure-streams.ts';
import { jobStream } from '../shared/jobs/job.ts';
import { runMain } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createLeaderGauge, registerDependencies } from '../shared/metrics/service-registry.ts';
import { connectNats } from '../shared/nats.ts';
import { createRedis } from '../shared/redis.ts';
import { createSecretBox } from '../shared/secret-box.ts';
import { startTracing } from '../shared/tracing.ts';
import { findCluster } from './cluster/connect-cluster.ts';
import { childEnvironment } from './child-environment.ts';
import { configSchema } from './config.ts';
import { startConsumer } from './consumer.ts';
import { createApp } from './create-app.ts';
import { drain } from './drain.ts';
import { createInventory } from './inventory/create-inventory.ts';
import { connectSharedServer } from './inventory/database-place.ts';
import { createStateDatabase } from './inventory/state-database.ts';
import { startMaintenance } from './maintenance/start-maintenance.ts';
import { createMetrics } from './metrics.ts';
import { phaseLimitsMs } from './phase-limits.ts';
import { reconcileApplication } from './reconcile-application.ts';
import { runReconciler } from './reconciler.ts';
import { createChildRunner } from './run-child.ts';
import { createRunningOperations } from './running-operations.ts';
import { readTenantSettings } from './tenant-settings.ts';

/** Requests that a probe or a scrape left open; nothing of value waits for them. */
const httpDrainMs = 1_000;
const natsFlushMs = 1_000;
/** Maintenance stops by itself once the shutdown begins; what hangs then is cut. */
const maintenanceDrainMs = 3_000;
/** Connections beside one for each slot: reconciler, probes, a heartbeat that overlaps, the maintenance's tasks. */
const spareConnections = 8;

runMain('provisioner', async (lifecycle) => {
  const config = parseConfig(configSchema, process.env);
  const log = createLog({ name: 'provisioner', level: config.LOG_LEVEL }).child({ worker: config.WORKER_NAME });
  const settings = await readTenantSettings(config.TENANT_SETTINGS_FILE);

  const tracing = await startTracing({ serviceName: 'authsome-provisioner', config, log });
  lifecycle.onShutdown('traces', () => tracing.shutDown());
  const db = createDatabase({
    url: config.DATABASE_URL,
    poolSize: config.CONCURRENCY * 2 + spareConnections,
    applicationName: 'authsome-provisioner',
    onError: (error) => log.warn({ err: error }, 'An idle database connection failed'),
  });
  lifecycle.onShutdown('database', () => db.destroy());
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());
  // Waits for NATS for as long as it takes; the probes answer meanwhile.
  const connecting = connectNats({ url: config.NATS_URL, name: `provisioner ${config.WORKER_NAME}`, log });

  const metrics = createMetrics();
  const running = createRunningOperations();
  const checks = {
    database: async () => void (await sql`select 1`.execute(db)),
    redis: async () => void (await redis.ping()),
    nats: async () =>
      void (await (await jetstreamManager(await connecting, { checkAPI: false })).consumers.info(jobStream.stream, jobStream.consumer)),
  };
  registerDependencies(metrics.registry, checks);
  const metricsServer = await serveMetrics({ registry: metrics.registry, port: config.METRICS_PORT });
  lifecycle.onShutdown('metrics', () => metricsServer.close(httpDrainMs));
  const app = createApp({ checks, running, worker: config.WORKER_NAME, log });
  const handleRequest = app.callback();
  const server = await listen((req, res) => void handleRequest(req, res), { port: config.PORT });
  log.info({ port: server.port, metricsPort: metricsServer.port }, 'Listening');
  lifecycle.onShutdown('http', () => server.close(httpDrainMs));

  const nats = await connecting;
  lifecycle.onShutdown('nats', () => closeNats(nats));
  const reconciler = runReconciler(
    {
      db,
      nats,
      metrics,
      log,
      intervalMs: config.RECONCILE_INTERVAL_MS,
      ttlMs: config.LEASE_TTL_MS,
      republishAfterMs: config.REPUBLISH_AFTER_MS,
    },
    lifecycle.signal,
  );
  lifecycle.onShutdown('reconciler', () => reconciler);

  const childOptions = {
    entry: config.OPERATION_CHILD,
    env: childEnvironment(process.env),
    timeoutMs: config.OPERATION_TIMEOUT_MS,
    phaseLimitsMs,
    graceMs: config.CANCEL_GRACE_MS,
  };
  const children = createChildRunner(childOptions);
  const cluster = findCluster();
  const onIdleError = (error: Error): void => log.warn({ err: error }, 'An idle database connection failed');
  const state = createStateDatabase(config.PULUMI_BACKEND_URL, onIdleError);
  lifecycle.onShutdown('state database', () => state.close());
  const sharedServer = connectSharedServer(settings.database.shared, onIdleError);
  lifecycle.onShutdown('shared server', () => sharedServer.end());
  const inventory = createInventory({ cluster, sharedServer, redis, state, namespacePatienceMs: config.NAMESPACE_PATIENCE_MS });
  const box = createSecretBox(config.ENCRYPTION_KEY);

  const dependencies = {
    db,
    redis,
    nats,
    box,
    settings,
    cluster,
    inventory,
    children,
    running,
    metrics,
    tracing,
    log,
    worker: config.WORKER_NAME,
    times: {
      heartbeatMs: config.HEARTBEAT_MS,
      ttlMs: config.LEASE_TTL_MS,
      retryBaseMs: config.RETRY_BASE_MS,
      clusterWaitMs: config.CLUSTER_WAIT_MS,
      namespaceWaitMs: config.NAMESPACE_WAIT_MS,
      namespacePatienceMs: config.NAMESPACE_PATIENCE_MS,
    },
  };
  const background = createChildRunner({ ...childOptions, background: true });
  const maintenance = startMaintenance(
    {
      ...{ db, databaseUrl: config.DATABASE_URL, redis, inventory, sharedServer, state, metrics, worker: config.WORKER_NAME, log },
      onLead: createLeaderGauge(metrics.registry, 'provisioner'),
      drift: { box, settings, cluster, children: background, running },
      times: {
        watchdogMs: config.WATCHDOG_INTERVAL_MS,
        sweepMs: config.SWEEP_INTERVAL_MS,
        sweepPollMs: config.SWEEP_POLL_MS,
        sweepQuietMs: config.SWEEP_QUIET_MS,
        driftMs: config.DRIFT_INTERVAL_MS,
        driftPollMs: config.DRIFT_POLL_MS,
        historyMs: config.HISTORY_INTERVAL_MS,
        operationLimitMs: config.OPERATION_TIMEOUT_MS,
      },
      keptHistory: config.HISTORY_KEPT,
    },
    lifecycle.signal,
  );
  lifecycle.onShutdown('maintenance', async () => {
    await Promise.race([maintenance, delay(maintenanceDrainMs, undefined, { ref: false })]);
    background.close();
  });
  const consumer = startConsumer({
    nats,
    concurrency: config.CONCURRENCY,
    ensureStreams: () => ensureStreams(nats, { replicas: config.NATS_REPLICAS }),
    handle: (message, delivery) => reconcileApplication(dependencies, message, delivery),
    log,
  });
  lifecycle.onShutdown('operations', async () => {
    children.close();
    await drain({ consumer, running, timeoutMs: config.DRAIN_TIMEOUT_MS, log });
  });
});

/** With what is still to be sent, such as the naks of jobs handed back, unless NATS is away. */
async function closeNats(nats: NatsConnection): Promise<void> {
  await Promise.race([nats.flush(), delay(natsFlushMs)]);
  await nats.close();
}
