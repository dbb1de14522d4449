import type { MemberRole } from '../../shared/db/tables.ts';
import type { Plan } from '../../shared/plans.ts';
import type { MemberWorkspace } from '../stores/workspace-store.ts';

export interface WorkspaceView {
  id: string;
  name: string;
  plan: Plan;
  metadata: Record<string, unknown>;
  /** The caller's. */
  role: MemberRole;
  createdAt: string;
  updatedAt: string;
  /** When a deleted workspace's applications are destroyed, unless it is restored before. */
  destroyAfter: string | null;
}

export function presentWorkspace(row: MemberWorkspace): WorkspaceView {
  return {
    id: row.id,
    name: row.name,
    plan: row.plan,
    metadata: row.metadata,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    destroyAfter: row.destroy_after?.toISOString() ?? null,
  };
}
