import type { OperationKind } from '../../shared/application-state.ts';
import type { OperationPhase, OperationProgress } from '../../shared/db/tables.ts';
import type { AttemptRow, OperationRow } from '../stores/operation-store.ts';

export interface OperationView {
  id: string;
  kind: OperationKind;
  generation: number;
  /** superseded: a newer operation made it pointless before it was done. */
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'superseded' | 'cancelled';
  /** What the newest attempt is doing, or did last; 'queued' before the first. */
  phase: string;
  /** Of the newest attempt. */
  phases: OperationPhase[];
  progress: OperationProgress;
  /** Of the newest attempt that failed; none after a success. */
  error: { code: string; message: string; remedy: string | null } | null;
  attempts: AttemptView[];
  /** The phase has outlasted its limit. */
  overdue: boolean;
  cancelRequestedAt: string | null;
  /** Not before this time is a queued operation tried again. */
  notBefore: string | null;
  createdAt: string;
  finishedAt: string | null;
}

export interface AttemptView {
  id: string;
  status: AttemptRow['status'];
  startedAt: string;
  finishedAt: string | null;
  error: { code: string; message: string } | null;
}

export function presentOperation(row: OperationRow): OperationView {
  const [newest] = row.attemptRows;
  const error = row.status === 'succeeded' ? null : row.error;
  return {
    id: row.id,
    kind: row.kind,
    generation: row.generation,
    status: row.status === 'dead' ? 'failed' : row.status,
    phase: newest?.phase ?? 'queued',
    phases: newest?.phases ?? [
      { name: 'queued', startedAt: row.created_at.toISOString(), endedAt: row.finished_at?.toISOString() ?? null },
    ],
    progress: newest?.progress ?? {},
    error: error && { code: error.code, message: error.message, remedy: error.remedy ?? null },
    attempts: row.attemptRows.map(presentAttempt),
    overdue: newest?.status === 'running' && newest.overdue_at !== null,
    cancelRequestedAt: row.cancel_requested_at?.toISOString() ?? null,
    notBefore: row.status === 'queued' ? row.run_after.toISOString() : null,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

function presentAttempt({ id, status, started_at, finished_at, error }: AttemptRow): AttemptView {
  return {
    ...{ id, status },
    startedAt: new Date(started_at).toISOString(),
    finishedAt: finished_at === null ? null : new Date(finished_at).toISOString(),
    error: error && { code: error.code, message: error.message },
  };
}
