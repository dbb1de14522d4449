import { beginsWith } from '../inventory/state-database.ts';
import type { StateDatabase } from '../inventory/state-database.ts';
import type { Metrics } from '../metrics.ts';

export interface PruneOptions {
  state: StateDatabase;
  metrics: Pick<Metrics, 'prunedHistory'>;
  /** Updates of each stack that are kept. */
  kept: number;
  /** Rows deleted at once: two for an update, its checkpoint of some 135 kB and a description of it. */
  batchSize?: number;
}

const defaultBatchSize = 500;

/**
 * Deletes the oldest of what the backend keeps of every update for ever, in one portion. Nothing of it is ever read again by an operation,
 * so it may be done beside them.
 *
 * @returns whether there may be more
 */
export async function pruneHistory({ state, metrics, kept, batchSize = defaultBatchSize }: PruneOptions): Promise<boolean> {
  const { count } = await state.query(deletion, [beginsWith(state.folders.history), kept, batchSize]);
  metrics.prunedHistory.inc(count);
  return count === batchSize;
}

/**
 * A key is PREFIX/STACK/STACK-NANOSECONDS.checkpoint.json, or .history.json, maybe compressed; of one update both have the same number, which
 * has 19 digits until the year 2286, so that it sorts as text. Reads the keys from the index alone, and only deletes what it is sure of.
 */
const deletion = `
  delete from state where key in (
    select key from (
      select key, dense_rank() over (partition by substring(key from '^.*/') order by substring(key from '-([0-9]{19})\\.(?:checkpoint|history)\\.') desc) as age
      from state
      where key like $1 and key ~ '-[0-9]{19}\\.(checkpoint|history)\\.json(\\.gz|\\.zst)?$'
    ) entries
    where age > $2 order by key limit $3
  )`;
