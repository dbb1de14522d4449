import type { Desired, OperationKind } from '../../shared/application-state.ts';
import type { AppStatus } from '../../shared/routes/route.ts';
import type { RepairRow } from '../stores/repair-store.ts';

/** An application that needs its operator's look. */
export interface RepairView {
  applicationId: string;
  workspaceId: string;
  name: string;
  status: AppStatus;
  /** failed: given up. overdue: still tried, and longer than it should take. */
  problem: 'failed' | 'overdue';
  desired: Desired;
  /** The newest. */
  operationId: string;
  kind: OperationKind;
  /** Where an overdue operation is. */
  phase: string | null;
  attempts: number;
  cause: { code: string; message: string } | null;
  remedy: string | null;
  since: string;
}

export function presentRepair(row: RepairRow): RepairView {
  const problem = row.overdue_at === null ? 'failed' : 'overdue';
  const cause = problem === 'failed' ? (row.failure ?? row.error) : row.error;
  return {
    ...{ applicationId: row.id, workspaceId: row.workspace_id, name: row.name, status: row.status, problem, desired: row.desired },
    ...{ operationId: row.operation_id, kind: row.kind, phase: row.phase, attempts: row.attempts },
    cause: cause && { code: cause.code, message: cause.message },
    remedy: row.error?.remedy ?? null,
    since: row.since.toISOString(),
  };
}
