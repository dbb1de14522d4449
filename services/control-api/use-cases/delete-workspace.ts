import type { Kysely, Transaction } from 'kysely';
import type { Command } from '../../shared/application-state.ts';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import { lockApplications } from '../stores/application-store.ts';
import { lockDeletedWorkspace, lockWorkspace, setDeletion } from '../stores/workspace-store.ts';
import type { MemberWorkspace } from '../stores/workspace-store.ts';
import { commandIfAllowed } from './command-application.ts';
import type { Effects } from './effects.ts';

interface Deps {
  db: Kysely<Database>;
  effects: Effects;
}

interface Ids {
  userId: string;
  workspaceId: string;
}

/** How long a deleted workspace can be restored; then its applications are destroyed. */
export const workspaceGraceMs = 30 * 24 * 3_600_000;

/** Deletes a workspace for a grace period of 30 days: its applications are suspended. @throws AppError not_found, forbidden */
export async function deleteWorkspace({ db, effects }: Deps, ids: Ids): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const workspace = await lockWorkspace(tx, ids);
    if (!workspace) throw appErrors.notFound('workspace');
    authorize(workspace.role, 'workspace.delete');
    await setDeletion(tx, ids.workspaceId, { deletedAt: new Date(), destroyAfter: new Date(Date.now() + workspaceGraceMs) });
    await commandAll(tx, ids.workspaceId, { kind: 'suspend', reason: 'workspace' });
  });
  effects.jobCommitted();
  effects.routesChanged();
}

/**
 * Takes the deletion of a workspace back within its grace period: what it suspended runs again, what was suspended before stays so.
 *
 * @throws AppError not_found (no such workspace, not deleted, or gone for good), forbidden
 */
export async function restoreWorkspace({ db, effects }: Deps, ids: Ids): Promise<MemberWorkspace> {
  const restored = await db.transaction().execute(async (tx) => {
    const workspace = await lockDeletedWorkspace(tx, ids);
    if (!workspace) throw appErrors.notFound('deleted workspace');
    authorize(workspace.role, 'workspace.delete');
    const row = await setDeletion(tx, ids.workspaceId, { deletedAt: null, destroyAfter: null });
    await commandAll(tx, ids.workspaceId, { kind: 'resume', reason: 'workspace' });
    return { ...row, role: workspace.role };
  });
  effects.jobCommitted();
  effects.routesChanged();
  return restored;
}

/** Each application of the workspace that the command makes sense for. */
async function commandAll(tx: Transaction<Database>, workspaceId: string, wanted: Command): Promise<void> {
  for (const application of await lockApplications(tx, workspaceId)) await commandIfAllowed(tx, application, wanted);
}
