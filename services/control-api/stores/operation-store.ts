import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Executor, JobsTable, OperationError, OperationPhase, OperationProgress, OperationsTable } from '../../shared/db/tables.ts';
import type { Page, Paged } from './page.ts';

/** One try of a worker at an operation. */
export type AttemptRow = Pick<Selectable<OperationsTable>, 'id' | 'fencing_token' | 'status' | 'worker' | 'phase'> & {
  phases: OperationPhase[];
  progress: OperationProgress;
  error: OperationError | null;
  /** As JSON has times. */
  heartbeat_at: string;
  started_at: string;
  finished_at: string | null;
  overdue_at: string | null;
};

/** An operation: the job that somebody's wish became, with its attempts, the newest first. */
export type OperationRow = Selectable<JobsTable> & { attemptRows: AttemptRow[] };

const attemptColumns = [
  ...(['id', 'fencing_token', 'status', 'worker', 'heartbeat_at', 'phase', 'phases', 'progress', 'error'] as const),
  ...(['started_at', 'finished_at', 'overdue_at'] as const),
] as const;

const selectOperations = (db: Executor) =>
  db
    .selectFrom('jobs as j')
    .selectAll('j')
    .select((eb) =>
      jsonArrayFrom(
        eb
          .selectFrom('operations as o')
          .whereRef('o.job_id', '=', 'j.id')
          .select(attemptColumns)
          .orderBy('o.fencing_token', 'desc')
          .limit(sql.lit(20)),
      ).as('attemptRows'),
    );

/** An application's operations, newest first. */
export async function listOperations(db: Executor, applicationId: string, { limit, offset }: Page): Promise<Paged<OperationRow>> {
  const [rows, { total }] = await Promise.all([
    selectOperations(db)
      .where('j.application_id', '=', applicationId)
      .orderBy('j.generation', 'desc')
      .orderBy('j.created_at', 'desc')
      .limit(limit)
      .offset(offset)
      .execute(),
    db
      .selectFrom('jobs')
      .where('application_id', '=', applicationId)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow(),
  ]);
  return { rows: rows as OperationRow[], total };
}

export async function findOperation(
  db: Executor,
  { applicationId, operationId }: { applicationId: string; operationId: string },
): Promise<OperationRow | undefined> {
  const found = selectOperations(db).where('j.application_id', '=', applicationId).where('j.id', '=', operationId);
  return (await found.executeTakeFirst()) as OperationRow | undefined;
}

/** Operations of any applications, by id. */
export async function findOperations(db: Executor, operationIds: readonly string[]): Promise<Map<string, OperationRow>> {
  const rows = (await selectOperations(db).where('j.id', 'in', operationIds).execute()) as OperationRow[];
  return new Map(rows.map((row) => [row.id, row]));
}
