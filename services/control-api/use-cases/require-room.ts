import type { Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { plans } from '../../shared/plans.ts';
import type { AccountLimits, Plan } from '../../shared/plans.ts';
import { lockOwners } from '../stores/account-store.ts';
import { countAccountApplications, countApplications } from '../stores/application-store.ts';
import type { Counted } from '../stores/application-store.ts';

interface RoomOptions {
  accountLimits: AccountLimits;
  /** `held` for a new application, which those in their grace period leave no room for; `live` for one that comes back from it. */
  counted: Counted;
}

/**
 * Makes sure that a workspace may have one application more, by its plan and by its owner's account: an account has its free applications
 * once, in however many workspaces. The workspace's row must be locked. The owner's is locked here, so that requests in two workspaces can't
 * both take the last place.
 *
 * @throws AppError conflict
 */
export async function requireRoom(
  tx: Transaction<Database>,
  { id, plan }: { id: string; plan: Plan },
  { accountLimits, counted }: RoomOptions,
): Promise<void> {
  const limit = plans[plan].applications;
  if (limit === null) return;
  const deleted = counted === 'held' ? '; deleted ones count until they are gone, which permanent=true does at once' : '';
  if ((await countApplications(tx, id, counted)) >= limit) {
    throw appErrors.conflict({ field: 'workspace', reason: `the ${plan} plan includes ${limit} applications${deleted}` });
  }
  for (const owner of await lockOwners(tx, id)) {
    if ((await countAccountApplications(tx, owner, counted)) < accountLimits.freeApplications) continue;
    const reason = `the ${plan} plan includes ${accountLimits.freeApplications} applications in all workspaces of an account${deleted}`;
    throw appErrors.conflict({ field: 'workspace', reason });
  }
}
