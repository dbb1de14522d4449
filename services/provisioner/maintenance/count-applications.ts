import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import type { Metrics } from '../metrics.ts';

export interface CountApplicationsOptions {
  db: Kysely<Database>;
  metrics: Pick<Metrics, 'applications' | 'expected'>;
}

/**
 * Reads how many applications there are by status, and of which of them an instance should answer: without the second, nobody could tell an instance
 * that is gone from one that was never to be there.
 */
export async function countApplications({ db, metrics }: CountApplicationsOptions): Promise<void> {
  const counts = await db
    .selectFrom('applications')
    .select((eb) => ['status', eb.fn.countAll<number>().as('count')])
    .where('status', '!=', 'deleted')
    .groupBy('status')
    .execute();
  const serving = await db.selectFrom('applications').select('id').where('serving', '=', true).where('desired', '=', 'present').execute();
  metrics.applications.reset();
  for (const { status, count } of counts) metrics.applications.set({ status }, Number(count));
  metrics.expected.reset();
  for (const { id } of serving) metrics.expected.set({ app_id: id }, 1);
}
