import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Database } from '../shared/db/tables.ts';
import type { Log } from '../shared/log.ts';

/**
 * When the newest good backup ended, read from its row at each scrape: backups run in pods that are gone by then. Before the first one it is when the
 * platform was set up: an alarm on its age is then neither raised on the first evening, nor silent where backups never work. Every replica tells the same.
 */
export function registerBackupMetrics(registry: Registry, { db, log }: { db: Kysely<Database>; log: Log }): void {
  new Gauge({
    name: 'authsome_backup_last_success_timestamp_seconds',
    help: 'When the newest backup of every database ended, since the epoch; before the first one, when the platform was set up.',
    registers: [registry],
    async collect() {
      // No value where the database does not answer: the last one known would grow old by itself.
      this.remove();
      try {
        this.set(await readLastSuccess(db));
      } catch (err) {
        // The other metrics are told all the same.
        log.warn({ err }, 'The newest backup could not be read');
      }
    },
  });
}

async function readLastSuccess(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from coalesce(
      (select max(finished_at) from backup_runs where status = 'succeeded'),
      (select min(applied_at) from schema_migrations)
    ))::float8 as seconds`.execute(db);
  return rows[0]?.seconds ?? 0;
}
