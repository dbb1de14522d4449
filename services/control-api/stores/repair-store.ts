import { sql } from 'kysely';
import type { Desired, OperationKind } from '../../shared/application-state.ts';
import type { AppFailure, Executor, JobStatus, OperationError } from '../../shared/db/tables.ts';
import type { AppStatus } from '../../shared/routes/route.ts';
import type { Page, Paged } from './page.ts';

/** An application that needs a person's look, with its newest operation. */
export interface RepairRow {
  id: string;
  workspace_id: string;
  name: string;
  status: AppStatus;
  desired: Desired;
  failure: AppFailure | null;
  operation_id: string;
  kind: OperationKind;
  job_status: JobStatus;
  attempts: number;
  error: OperationError | null;
  /** The attempt that outlasts its limit, if one does. */
  overdue_at: Date | null;
  phase: string | null;
  since: Date;
}

/**
 * Applications that are failed, and those with an operation that outlasts its limit; the longest in trouble first. A dead job needs no line of
 * its own: its application is failed with it, until something newer is asked for.
 */
export async function listRepairs(db: Executor, { limit, offset }: Page): Promise<Paged<RepairRow>> {
  const overdue = sql`select application_id from operations where status = 'running' and overdue_at is not null`;
  const inTrouble = sql<boolean>`(a.status = 'failed' or (a.status <> 'deleted' and a.id in (${overdue})))`;
  const [{ rows }, { total }] = await Promise.all([
    sql<RepairRow>`
      select a.id, a.workspace_id, a.name, a.status, a.desired, a.failure,
        j.id as operation_id, j.kind, j.status as job_status, j.attempts, j.error, o.overdue_at, o.phase,
        coalesce(o.overdue_at, j.finished_at, a.updated_at) as since
      from applications a
      join lateral (
        select * from jobs where application_id = a.id order by generation desc, created_at desc limit 1
      ) j on true
      left join operations o on o.application_id = a.id and o.status = 'running' and o.overdue_at is not null
      where ${inTrouble}
      order by since, a.id
      limit ${limit} offset ${offset}`.execute(db),
    db
      .selectFrom('applications as a')
      .where(inTrouble)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}
