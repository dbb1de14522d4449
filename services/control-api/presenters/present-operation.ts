import type { OperationError, OperationPhase, OperationProgress } from '../../shared/db/database.ts';
import type { OperationRow } from '../stores/operation-store.ts';

export interface OperationView {
  id: string;
  kind: OperationRow['kind'];
  generation: number;
  status: OperationRow['status'];
  phase: string;
  phases: OperationPhase[];
  progress: OperationProgress;
  error: OperationError | null;
  startedAt: string;
  finishedAt: string | null;
}

export function presentOperation(row: OperationRow): OperationView {
  return {
    id: row.id,
    kind: row.kind,
    generation: row.generation,
    status: row.status,
    phase: row.phase,
    phases: row.phases,
    progress: row.progress,
    error: row.error && { code: row.error.code, message: row.error.message },
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
