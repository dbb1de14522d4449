import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import type { Action } from '../policies.ts';
import { findWorkspace } from '../stores/workspace-store.ts';
import type { MemberWorkspace } from '../stores/workspace-store.ts';

/** The workspace, if this member may do this in it. @throws AppError not_found, forbidden */
export async function readWorkspace(
  db: Kysely<Database>,
  ids: { userId: string; workspaceId: string },
  action: Action,
): Promise<MemberWorkspace> {
  const workspace = await findWorkspace(db, ids);
  if (!workspace) throw appErrors.notFound('workspace');
  authorize(workspace.role, action);
  return workspace;
}
