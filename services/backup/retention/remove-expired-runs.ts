import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import type { Log } from '../../shared/log.ts';
import { listRuns } from '../list-runs.ts';
import { markRunRemoved } from '../stores/backup-run-store.ts';
import type { BackupTarget } from '../targets/target.ts';
import { selectExpired } from './select-expired.ts';

interface Deps {
  db: Kysely<Database>;
  target: BackupTarget;
  keepDays: number;
  log: Log;
}

/** Removes the runs that have had their time. One that can't be removed is tried again by the next run, and fails nothing: the backup is good. */
export async function removeExpiredRuns({ db, target, keepDays, log }: Deps, now: Date, signal: AbortSignal): Promise<void> {
  try {
    for (const { id } of selectExpired(await listRuns(target), { keepDays, now })) {
      if (signal.aborted) return;
      await target.removeRun(id);
      await markRunRemoved(db, id);
      log.info({ runId: id }, 'An expired backup was removed');
    }
  } catch (err) {
    log.warn({ err }, 'Expired backups could not be removed');
  }
}
