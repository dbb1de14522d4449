import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { plans } from '../../shared/plans.ts';
import type { AccountLimits, Plan } from '../../shared/plans.ts';
import { lockOwners } from '../stores/account-store.ts';
import { bumpRevision, countAccountApplications, countApplications, listDedicated, lockApplications } from '../stores/application-store.ts';
import { lockAnyWorkspace, updatePlan } from '../stores/workspace-store.ts';
import type { WorkspaceRow } from '../stores/workspace-store.ts';
import { commandIfAllowed } from './command-application.ts';
import type { Effects } from './effects.ts';

export interface WorkspaceOnPlan {
  workspace: WorkspaceRow;
  previousPlan: Plan;
  /** Ids of the applications whose stacks are brought to the plan. */
  updating: string[];
}

/**
 * Puts a workspace on a plan, for the platform's operator: the plan and a job for each of its applications in one transaction. Each keeps
 * the database tier that it was created with, which is why a plan without a database server of one's own is refused while there is one.
 * The same plan again changes nothing.
 *
 * @throws AppError not_found, conflict (the workspace has more than the plan includes)
 */
export async function setWorkspacePlan(
  { db, effects, accountLimits }: { db: Kysely<Database>; effects: Effects; accountLimits: AccountLimits },
  { workspaceId, plan }: { workspaceId: string; plan: Plan },
): Promise<WorkspaceOnPlan> {
  const done = await db.transaction().execute(async (tx): Promise<WorkspaceOnPlan> => {
    const found = await lockAnyWorkspace(tx, workspaceId);
    if (!found) throw appErrors.notFound('workspace');
    if (found.plan === plan) return { workspace: found, previousPlan: plan, updating: [] };
    await requireFits(tx, { workspaceId, plan, accountLimits });

    const workspace = await updatePlan(tx, workspaceId, plan);
    const updating = await updateApplications(tx, workspaceId);
    return { workspace, previousPlan: found.plan, updating };
  });

  if (done.previousPlan !== plan) {
    effects.jobCommitted();
    effects.routesChanged();
  }
  return done;
}

/** One that is deleted gets its stack when it comes back; its route is new all the same. */
async function updateApplications(tx: Transaction<Database>, workspaceId: string): Promise<string[]> {
  const updating: string[] = [];
  for (const application of await lockApplications(tx, workspaceId)) {
    if (await commandIfAllowed(tx, application, { kind: 'plan_change' })) updating.push(application.id);
    else await bumpRevision(tx, application.id);
  }
  return updating;
}

interface Wanted {
  workspaceId: string;
  plan: Plan;
  accountLimits: AccountLimits;
}

// The workspace's row is locked, so no application can be added in the meantime.
async function requireFits(tx: Transaction<Database>, { workspaceId, plan, accountLimits }: Wanted): Promise<void> {
  const { applications: limit, databaseTier } = plans[plan];
  if (limit !== null) {
    const count = await countApplications(tx, workspaceId, 'held');
    if (count > limit) {
      throw appErrors.conflict({ field: 'plan', reason: `the ${plan} plan includes ${limit} applications, the workspace has ${count}` });
    }
    await requireOwnersFit(tx, { workspaceId, plan, accountLimits }, count);
  }
  if (databaseTier === 'dedicated') return;
  const dedicated = await listDedicated(tx, workspaceId);
  if (dedicated.length > 0) {
    const reason = `the ${plan} plan includes no database server of its own, which ${dedicated.slice(0, 5).join(', ')} has`;
    throw appErrors.conflict({ field: 'plan', reason });
  }
}

async function requireOwnersFit(tx: Transaction<Database>, { workspaceId, plan, accountLimits }: Wanted, count: number): Promise<void> {
  for (const owner of await lockOwners(tx, workspaceId)) {
    const held = count + (await countAccountApplications(tx, owner, 'held'));
    if (held <= accountLimits.freeApplications) continue;
    const reason = `the ${plan} plan includes ${accountLimits.freeApplications} applications in all workspaces of an account, its owner would have ${held}`;
    throw appErrors.conflict({ field: 'plan', reason });
  }
}
