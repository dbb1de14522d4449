import type { Redis } from 'ioredis';
import type { Log } from '../../shared/log.ts';
import { runSchedule } from '../../shared/schedule.ts';
import type { AuthDatabase } from '../auth/auth-database.ts';
import { prune } from './prune.ts';
import { removeOldCopies } from './remove-old-copies.ts';

interface MaintenanceOptions {
  database: AuthDatabase;
  redis: Redis;
  log: Log;
}

const pruneIntervalMs = 3_600_000;
/** By then the replicas of the version before are gone, which still read those copies. */
const oldCopiesAfterMs = 900_000;

/** Does what has to happen from time to time, in every replica. Resolves once the signal has aborted and all has stopped. */
export function startMaintenance({ database, redis, log }: MaintenanceOptions, stopping: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  let oldCopiesAreGone = false;
  const tasks = [
    { name: 'prune', intervalMs: pruneIntervalMs, run: () => prune(database) },
    {
      name: 'old-copies',
      intervalMs: oldCopiesAfterMs,
      run: async () => {
        if (oldCopiesAreGone || Date.now() - startedAt < oldCopiesAfterMs) return;
        const removed = await removeOldCopies(redis);
        oldCopiesAreGone = true;
        if (removed > 0) log.info({ removed }, 'Removed copies of sessions that an earlier version had left in Redis');
      },
    },
  ];
  return runSchedule(tasks, log, stopping);
}
