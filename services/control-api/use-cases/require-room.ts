import type { Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { plans } from '../../shared/plans.ts';
import type { Plan } from '../../shared/plans.ts';
import { countApplications } from '../stores/application-store.ts';

/**
 * Makes sure that a workspace may have one application more. Its row must be locked, so that two requests can't both take the last place.
 *
 * @throws AppError conflict
 */
export async function requireRoom(tx: Transaction<Database>, { id, plan }: { id: string; plan: Plan }): Promise<void> {
  const limit = plans[plan].applications;
  if (limit !== null && (await countApplications(tx, id)) >= limit) {
    throw appErrors.conflict({ field: 'workspace', reason: `the ${plan} plan includes ${limit} applications` });
  }
}
