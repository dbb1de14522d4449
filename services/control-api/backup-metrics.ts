import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Database } from '../shared/db/tables.ts';
import type { Log } from '../shared/log.ts';

/**
 * When the newest good backup ended, and what the newest one lacks, read from its row at each scrape: backups run in pods that are gone by then. Before the first one it is when the
 * platform was set up: an alarm on its age is then neither raised on the first evening, nor silent where backups never work. Every replica tells the same.
 */
export function registerBackupMetrics(registry: Registry, { db, log }: { db: Kysely<Database>; log: Log }): void {
  new Gauge({
    name: 'authsome_backup_last_success_timestamp_seconds',
    help: 'When the newest backup of the platform ended, since the epoch; before the first one, when the platform was set up.',
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
  new Gauge({
    name: 'authsome_backup_failed_databases',
    help: 'Databases that the newest backup which came to its end lacks.',
    registers: [registry],
    async collect() {
      this.remove();
      try {
        this.set(await readFailedDatabases(db));
      } catch (err) {
        log.warn({ err }, 'The newest backup could not be read');
      }
    },
  });
}

/**
 * A backup that lacks tenants' databases counts all the same, as long as it has the platform's own and at least as many of tenants' as it lacks: an owner can
 * bring about that the own database can't be dumped, and must not be able to keep the alarm on that way.
 */
async function readLastSuccess(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from coalesce(
      (select max(finished_at) from backup_runs where status = 'succeeded' or (
         status = 'failed' and (
           select count(distinct d->>'kind') filter (where d->>'kind' in ('control', 'state') and d->>'status' = 'succeeded') = 2
              and count(*) filter (where d->>'kind' = 'tenant' and d->>'status' = 'succeeded')
               >= count(*) filter (where d->>'kind' = 'tenant' and d->>'status' = 'failed')
             from jsonb_array_elements(databases) d))),
      (select min(applied_at) from schema_migrations)
    ))::float8 as seconds`.execute(db);
  return rows[0]?.seconds ?? 0;
}

async function readFailedDatabases(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ failed: number }>`
    select (select count(*)::int from jsonb_array_elements(databases) d where d->>'status' = 'failed') as failed
      from backup_runs where finished_at is not null and jsonb_array_length(databases) > 0
     order by finished_at desc limit 1`.execute(db);
  return rows[0]?.failed ?? 0;
}
