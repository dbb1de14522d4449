import type { Kysely } from 'kysely';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Database } from '../../shared/db/tables.ts';
import { runAsLeader } from '../../shared/leader.ts';
import type { Log } from '../../shared/log.ts';
import { runSchedule } from '../../shared/schedule.ts';
import type { ScheduledTask } from '../../shared/schedule.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { StateDatabase } from '../inventory/state-database.ts';
import type { Metrics } from '../metrics.ts';
import { checkMightyRoles } from './check-mighty-roles.ts';
import { countApplications } from './count-applications.ts';
import { checkDrift } from './drift/check-drift.ts';
import type { DriftDependencies } from './drift/check-drift.ts';
import { pruneHistory } from './prune-history.ts';
import { requeueSweeps, sweepWhenAsked } from './sweep/sweep-when-asked.ts';
import { createWatchdog } from './watch-overdue.ts';

export interface MaintenanceOptions {
  db: Kysely<Database>;
  /** Of the same database: the leader's lock needs a connection of its own. */
  databaseUrl: string;
  redis: Redis;
  inventory: Inventory;
  sharedServer: pg.Pool;
  state: StateDatabase;
  drift: Omit<DriftDependencies, 'db' | 'metrics' | 'log' | 'intervalMs'>;
  metrics: Metrics;
  worker: string;
  /** Told whether this process does it. */
  onLead?: (leading: boolean) => void;
  log: Log;
  /** In milliseconds; see config.ts. */
  times: {
    watchdogMs: number;
    sweepMs: number;
    sweepPollMs: number;
    sweepQuietMs: number;
    driftMs: number;
    driftPollMs: number;
    historyMs: number;
    operationLimitMs: number;
  };
  keptHistory: number;
}

/** Three short reads of catalogs; whoever has such rights may do anything meanwhile. */
const mightyRolesIntervalMs = 5 * 60_000;

/**
 * Looks after what no single operation can, in one provisioner at a time: what hangs, what belongs to nobody, what was changed behind our
 * backs, what piles up. Resolves once the signal has aborted and all has stopped.
 */
export function startMaintenance(options: MaintenanceOptions, stopping: AbortSignal): Promise<void> {
  const { db, databaseUrl, log, metrics, onLead = () => undefined } = options;
  const lead = async (signal: AbortSignal): Promise<void> => {
    await requeueSweeps(db);
    await runSchedule(tasks(options), log, signal);
    // The next leader's are the ones that count.
    for (const gauge of [
      metrics.overdueOperations,
      metrics.overdueJobs,
      metrics.sweepOrphans,
      metrics.sweepMissing,
      metrics.sweepSuccess,
      metrics.drifted,
      metrics.mightyRoles,
      metrics.applications,
      metrics.expected,
    ])
      gauge.reset();
  };
  return runAsLeader({ url: databaseUrl, name: 'provisioner', log, onChange: onLead }, lead, stopping);
}

function tasks({
  db,
  redis,
  inventory,
  sharedServer,
  state,
  drift,
  metrics,
  worker,
  log,
  times,
  keptHistory,
}: MaintenanceOptions): ScheduledTask[] {
  const watchdog = createWatchdog({ db, metrics, log, operationLimitMs: times.operationLimitMs });
  const sweep = { db, redis, inventory, metrics, worker, log, intervalMs: times.sweepMs, quietMs: times.sweepQuietMs };
  return [
    { name: 'watchdog', intervalMs: times.watchdogMs, run: () => watchdog.look() },
    { name: 'count-applications', intervalMs: times.watchdogMs, run: () => countApplications({ db, metrics }) },
    { name: 'mighty-roles', intervalMs: mightyRolesIntervalMs, run: () => checkMightyRoles({ sharedServer, metrics, log }) },
    { name: 'sweep', intervalMs: times.sweepPollMs, run: (signal) => sweepWhenAsked(sweep, signal) },
    {
      name: 'drift',
      intervalMs: times.driftPollMs,
      run: (signal) => checkDrift({ ...drift, db, metrics, log, intervalMs: times.driftMs }, signal),
    },
    { name: 'prune-history', intervalMs: times.historyMs, run: () => pruneHistory({ state, metrics, kept: keptHistory }) },
  ];
}
