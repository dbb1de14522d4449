import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { DeletionRecordsTable, DriftReportsTable, EventsTable, Executor } from '../../shared/db/tables.ts';
import type { Plan } from '../../shared/plans.ts';
import type { ApplicationRow } from './application-store.ts';
import type { Page, Paged } from './page.ts';

export type DriftRow = Selectable<DriftReportsTable>;
export type DeletionRow = Selectable<DeletionRecordsTable>;
export type EventRow = Selectable<EventsTable>;

export type InspectedApplication = ApplicationRow & { workspace_name: string; plan: Plan; workspace_deleted_at: Date | null };

/** Any application, one that is deleted too, for the platform's operator. */
export function findAnyApplication(db: Executor, applicationId: string): Promise<InspectedApplication | undefined> {
  return db
    .selectFrom('applications as a')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .where('a.id', '=', applicationId)
    .selectAll('a')
    .select(['w.name as workspace_name', 'w.plan', 'w.deleted_at as workspace_deleted_at'])
    .executeTakeFirst();
}

export function findDrift(db: Executor, applicationId: string): Promise<DriftRow | undefined> {
  return db.selectFrom('drift_reports').where('application_id', '=', applicationId).selectAll().executeTakeFirst();
}

/** Reports of changes that nobody made through the stack, and of looks that failed; the newest first. */
export async function listDrift(
  db: Executor,
  { limit, offset }: Page,
): Promise<Paged<DriftRow & { workspace_id: string; application_name: string }>> {
  const drifted = db
    .selectFrom('drift_reports as d')
    .innerJoin('applications as a', 'a.id', 'd.application_id')
    .where('a.status', '<>', 'deleted')
    .where((eb) => eb.or([eb(sql<number>`jsonb_array_length(d.changes)`, '>', 0), eb('d.error', 'is not', null)]));
  const [rows, { total }] = await Promise.all([
    drifted
      .selectAll('d')
      .select(['a.workspace_id', 'a.name as application_name'])
      .orderBy('d.checked_at', 'desc')
      .orderBy('d.application_id')
      .limit(limit)
      .offset(offset)
      .execute(),
    drifted.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}

export function findDeletion(db: Executor, applicationId: string): Promise<DeletionRow | undefined> {
  return db.selectFrom('deletion_records').where('application_id', '=', applicationId).selectAll().executeTakeFirst();
}

/** What happened to an application, the newest first. */
export function listEvents(db: Executor, applicationId: string, limit: number): Promise<EventRow[]> {
  return db.selectFrom('events').where('application_id', '=', applicationId).orderBy('sequence', 'desc').limit(limit).selectAll().execute();
}
