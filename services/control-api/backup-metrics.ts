import type { Kysely } from 'kysely';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Database } from '../shared/db/database.ts';
import type { Log } from '../shared/log.ts';

/**
 * When the newest good backup ended, read from its row at each scrape: backups run in pods that are gone by then. Every replica tells the same. No
 * value at all where there is none yet, or where the database does not answer: what is missing alarms by its absence.
 */
export function registerBackupMetrics(registry: Registry, { db, log }: { db: Kysely<Database>; log: Log }): void {
  new Gauge({
    name: 'authsome_backup_last_success_timestamp_seconds',
    help: 'When the newest backup of every database ended, since the epoch.',
    registers: [registry],
    async collect() {
      this.remove();
      try {
        const endedAt = await readLastSuccess(db);
        if (endedAt !== undefined) this.set(endedAt.getTime() / 1000);
      } catch (err) {
        // The other metrics are told all the same.
        log.warn({ err }, 'The newest backup could not be read');
      }
    },
  });
}

async function readLastSuccess(db: Kysely<Database>): Promise<Date | undefined> {
  const row = await db
    .selectFrom('backup_runs')
    .where('status', '=', 'succeeded')
    .orderBy('finished_at', 'desc')
    .limit(1)
    .select('finished_at')
    .executeTakeFirst();
  return row?.finished_at ?? undefined;
}
