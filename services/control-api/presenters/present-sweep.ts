import type { SweepFinding } from '../../shared/db/tables.ts';
import type { SweepRow } from '../stores/sweep-store.ts';

export interface SweepView {
  id: string;
  status: SweepRow['status'];
  /** Whether orphans are removed, or only told. */
  repair: boolean;
  worker: string | null;
  findings: SweepFinding[];
  error: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export function presentSweep({ created_at, started_at, finished_at, ...row }: SweepRow): SweepView {
  const { id, status, repair, worker, findings, error } = row;
  return {
    ...{ id, status, repair, worker, findings, error },
    createdAt: created_at.toISOString(),
    startedAt: started_at?.toISOString() ?? null,
    finishedAt: finished_at?.toISOString() ?? null,
  };
}
