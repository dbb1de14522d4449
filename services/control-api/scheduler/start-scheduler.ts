import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { runAsLeader } from '../../shared/leader.ts';
import type { Log } from '../../shared/log.ts';
import { runSchedule } from '../../shared/schedule.ts';
import type { Effects } from '../use-cases/effects.ts';
import { destroyExpired } from './destroy-expired.ts';
import { prune } from './prune.ts';
import { pruneLeftovers } from './prune-leftovers.ts';
import type { CertificateWatch } from './watch-certificates.ts';

export interface SchedulerOptions {
  db: Kysely<Database>;
  /** Of the same database: the leader's lock needs a connection of its own. */
  databaseUrl: string;
  effects: Effects;
  certificates?: CertificateWatch;
  /** Told whether this replica does it. */
  onLead?: (leading: boolean) => void;
  log: Log;
}

const graceIntervalMs = 30_000;
const pruneIntervalMs = 3_600_000;
const certificatesIntervalMs = 600_000;

/** Does what has to happen at its time, in one replica of the control API. Resolves once the signal has aborted and all has stopped. */
export function startScheduler(
  { db, databaseUrl, effects, certificates, onLead = () => undefined, log }: SchedulerOptions,
  stopping: AbortSignal,
): Promise<void> {
  const tasks = [
    { name: 'destroy-expired', intervalMs: graceIntervalMs, run: (signal: AbortSignal) => destroyExpired({ db, effects, log }, signal) },
    { name: 'prune', intervalMs: pruneIntervalMs, run: () => prune(db) },
    { name: 'prune-leftovers', intervalMs: pruneIntervalMs, run: () => pruneLeftovers(db) },
    ...(certificates === undefined
      ? []
      : [{ name: 'certificates', intervalMs: certificatesIntervalMs, run: (signal: AbortSignal) => certificates.look(signal) }]),
  ];
  return runAsLeader(
    { url: databaseUrl, name: 'control-api', log, onChange: onLead },
    async (signal) => {
      await runSchedule(tasks, log, signal);
      // The next leader's are the ones that count.
      certificates?.forget();
    },
    stopping,
  );
}
