import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { findOpenSweep, insertSweep, lockSweeps } from '../stores/sweep-store.ts';
import type { SweepRow } from '../stores/sweep-store.ts';

/**
 * Asks for a search for what belongs to no application and for what an application lacks. One at a time: a second one would find the same.
 *
 * @param repair whether orphans are removed
 * @throws AppError conflict naming the sweep that is queued or running
 */
export function requestSweep(db: Kysely<Database>, { repair }: { repair: boolean }): Promise<SweepRow> {
  return db.transaction().execute(async (tx) => {
    await lockSweeps(tx);
    const open = await findOpenSweep(tx);
    if (open) throw appErrors.conflict({ field: 'sweep', reason: `${open.id} is ${open.status}` });
    return insertSweep(tx, { repair });
  });
}
