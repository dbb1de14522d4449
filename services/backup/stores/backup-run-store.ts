import { sql } from 'kysely';
import type { BackedUpDatabase, Executor } from '../../shared/db/tables.ts';
import { isGood } from '../manifest.ts';
import type { Dump, Manifest } from '../manifest.ts';

export async function insertRun(db: Executor, { id, target }: { id: string; target: string }): Promise<void> {
  await db.insertInto('backup_runs').values({ id, target }).execute();
}

export async function updateRunDatabases(db: Executor, id: string, dumps: readonly Dump[]): Promise<void> {
  await db
    .updateTable('backup_runs')
    .set({ databases: JSON.stringify(dumps.map(presentDump)) })
    .where('id', '=', id)
    .execute();
}

/** The outcome of a run that came to its end. */
export async function finishRun(db: Executor, manifest: Manifest): Promise<void> {
  await db
    .updateTable('backup_runs')
    .set({
      status: manifest.status,
      databases: JSON.stringify(manifest.databases.map(presentDump)),
      error: describeFailures(manifest),
      finished_at: sql<Date>`now()`,
    })
    .where('id', '=', manifest.id)
    .execute();
}

/** A run that did not come to its end: without a manifest nothing of it can be restored, so the row claims no databases. */
export async function failRun(db: Executor, id: string, error: string): Promise<void> {
  await db
    .updateTable('backup_runs')
    .set({ status: 'failed', databases: '[]', error, finished_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute();
}

/** Whoever holds the lock knows that no other run is under way: what says so was killed. */
export async function failAbandonedRuns(db: Executor): Promise<void> {
  await db
    .updateTable('backup_runs')
    .set({ status: 'failed', databases: '[]', error: 'It was stopped before its end', finished_at: sql<Date>`now()` })
    .where('status', '=', 'running')
    .execute();
}

export async function markRunRemoved(db: Executor, id: string): Promise<void> {
  await db
    .updateTable('backup_runs')
    .set({ removed_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .execute();
}

/** What people read of a run that failed. */
export function describeFailures({ databases }: Pick<Manifest, 'databases'>): string | null {
  const failed = databases.flatMap((dump) => (isGood(dump) ? [] : [`${dump.name}: ${dump.error}`]));
  return failed.length === 0 ? null : failed.join('\n');
}

function presentDump(dump: Dump): BackedUpDatabase {
  const { name, kind, applicationId, status } = dump;
  const outcome = isGood(dump) ? { bytes: dump.bytes, sha256: dump.sha256, error: null } : { bytes: 0, sha256: null, error: dump.error };
  return { name, kind, applicationId, status, ...outcome };
}
