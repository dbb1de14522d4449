import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import type { AccountLimits } from '../../shared/plans.ts';
import { lockAccount } from '../stores/account-store.ts';
import { countOwnedWorkspaces, insertWorkspace } from '../stores/workspace-store.ts';
import type { MemberWorkspace } from '../stores/workspace-store.ts';

/**
 * Creates a workspace with the caller as its owner.
 *
 * @throws AppError conflict (the account owns as many as it may)
 */
export function createWorkspace(
  { db, accountLimits }: { db: Kysely<Database>; accountLimits: AccountLimits },
  { userId, ...input }: { userId: string; name: string; metadata: Record<string, unknown> },
): Promise<MemberWorkspace> {
  return db.transaction().execute(async (tx) => {
    await lockAccount(tx, userId);
    if ((await countOwnedWorkspaces(tx, userId)) >= accountLimits.workspaces) {
      const reason = `an account may own ${accountLimits.workspaces} workspaces; deleted ones count until their grace period ends`;
      throw appErrors.conflict({ field: 'workspace', reason });
    }
    return insertWorkspace(tx, { ...input, ownerId: userId });
  });
}
