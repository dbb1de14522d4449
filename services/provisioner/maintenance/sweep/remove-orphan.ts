import type { Kysely } from 'kysely';
import type { Database, Executor, SweepFinding } from '../../../shared/db/tables.ts';
import { describeError } from '../../describe-error.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { removeThings } from '../../inventory/remove-things.ts';

export interface Orphan {
  appId: string;
  findings: readonly SweepFinding[];
  signal: AbortSignal;
}

/** A namespace whose content has to be let go takes its patience, and a few looks. */
const limitMs = 90_000;

/**
 * Removes all that is left of an application that has no row, or a deleted one. Its row is locked meanwhile, and looked at again under the
 * lock: what was found may be older than what is wanted now. No id is ever given twice, so without a row there is nobody to ask.
 *
 * @returns the findings, with what became of each
 */
export async function removeOrphan(
  { db, inventory }: { db: Kysely<Database>; inventory: Inventory },
  { appId, findings, signal }: Orphan,
): Promise<SweepFinding[]> {
  return db.transaction().execute(async (tx) => {
    if (!(await isGone(tx, appId))) return findings.map((finding) => ({ ...finding, outcome: 'left: the application exists' }));
    const { left, unseen } = await removeThings({ inventory, appId, signal, limitMs });
    return findings.map((finding) => {
      const problem = [...left, ...unseen].find(({ kind }) => kind === finding.kind);
      return {
        ...finding,
        outcome:
          problem === undefined ? 'removed' : `left: ${problem.error === undefined ? 'it is still there' : describeError(problem.error)}`,
      };
    });
  });
}

async function isGone(tx: Executor, appId: string): Promise<boolean> {
  const row = await tx.selectFrom('applications').select('status').where('id', '=', appId).forUpdate().executeTakeFirst();
  if (row === undefined) return true;
  const running = await tx
    .selectFrom('operations')
    .select('id')
    .where('application_id', '=', appId)
    .where('status', '=', 'running')
    .executeTakeFirst();
  return row.status === 'deleted' && running === undefined;
}
