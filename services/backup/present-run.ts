import type { ListedRun } from './list-runs.ts';
import { isGood } from './manifest.ts';

export interface PresentedRun {
  id: string;
  status: ListedRun['status'];
  startedAt: string;
  endedAt: string | null;
  databases: number;
  bytes: number;
  /** Why databases are missing. */
  failures: { database: string; error: string }[];
}

/** What the command line is told of a run. */
export function presentRun({ id, status, startedAt, manifest }: ListedRun): PresentedRun {
  const dumps = manifest?.databases ?? [];
  return {
    ...{ id, status, startedAt: startedAt.toISOString(), endedAt: manifest?.endedAt ?? null },
    databases: dumps.filter(isGood).length,
    bytes: dumps.reduce((sum, dump) => sum + (isGood(dump) ? dump.bytes : 0), 0),
    failures: dumps.flatMap((dump) => (isGood(dump) ? [] : [{ database: dump.name, error: dump.error }])),
  };
}
