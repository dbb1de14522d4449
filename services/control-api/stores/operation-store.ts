import type { Selectable } from 'kysely';
import type { Executor, OperationsTable } from '../../shared/db/database.ts';
import type { Page, Paged } from './page.ts';

export type OperationRow = Selectable<OperationsTable>;

/** An application's operations, newest first. */
export async function listOperations(db: Executor, applicationId: string, { limit, offset }: Page): Promise<Paged<OperationRow>> {
  const matching = db.selectFrom('operations').where('application_id', '=', applicationId);
  const [rows, { total }] = await Promise.all([
    matching.selectAll().orderBy('started_at', 'desc').orderBy('fencing_token', 'desc').limit(limit).offset(offset).execute(),
    matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}
