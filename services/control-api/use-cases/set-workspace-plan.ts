import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { plans } from '../../shared/plans.ts';
import type { Plan } from '../../shared/plans.ts';
import { bumpRevision, countApplications, listDedicated, lockApplications } from '../stores/application-store.ts';
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
  { db, effects }: { db: Kysely<Database>; effects: Effects },
  { workspaceId, plan }: { workspaceId: string; plan: Plan },
): Promise<WorkspaceOnPlan> {
  const done = await db.transaction().execute(async (tx): Promise<WorkspaceOnPlan> => {
    const found = await lockAnyWorkspace(tx, workspaceId);
    if (!found) throw appErrors.notFound('workspace');
    if (found.plan === plan) return { workspace: found, previousPlan: plan, updating: [] };
    await requireFits(tx, workspaceId, plan);

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

// The workspace's row is locked, so no application can be added meanwhile.
async function requireFits(tx: Transaction<Database>, workspaceId: string, plan: Plan): Promise<void> {
  const { applications: limit, databaseTier } = plans[plan];
  const count = limit === null ? 0 : await countApplications(tx, workspaceId);
  if (limit !== null && count > limit) {
    throw appErrors.conflict({ field: 'plan', reason: `the ${plan} plan includes ${limit} applications, the workspace has ${count}` });
  }
  if (databaseTier === 'dedicated') return;
  const dedicated = await listDedicated(tx, workspaceId);
  if (dedicated.length > 0) {
    const reason = `the ${plan} plan includes no database server of its own, which ${dedicated.slice(0, 5).join(', ')} has`;
    throw appErrors.conflict({ field: 'plan', reason });
  }
}
