import { faultNames, operationNames } from './plan-lives.ts';
import type { FaultName, OperationName } from './plan-lives.ts';
import type { FaultResult } from './run-faults.ts';

/** All runs of one fault in one operation. */
export interface FaultRow {
  fault: FaultName;
  operation: OperationName;
  /** Runs in which the process was killed. */
  runs: number;
  recovered: number;
  /** Runs in which the operation was over before the kill; they count for nothing. */
  missed: number;
  medianMs: number | null;
  maxMs: number | null;
}

export const rowHeadings = ['fault', 'operation', 'runs', 'recovered', 'missed', 'median', 'max'] as const;

/** Sums results up, a row for each fault in each operation that was tried. */
export function summarize(results: readonly FaultResult[]): FaultRow[] {
  return faultNames.flatMap((fault) =>
    operationNames.flatMap((operation) => {
      const tried = results.filter((result) => result.fault?.fault === fault && result.operation === operation);
      if (tried.length === 0) return [];
      const struck = tried.filter((result) => result.struck);
      const times = struck.flatMap(({ recoveryMs }) => (recoveryMs === null ? [] : [recoveryMs])).sort((a, b) => a - b);
      const row = { fault, operation, runs: struck.length, recovered: times.length, missed: tried.length - struck.length };
      return [{ ...row, medianMs: median(times), maxMs: times.at(-1) ?? null }];
    }),
  );
}

export function rowCells({ fault, operation, runs, recovered, missed, medianMs, maxMs }: FaultRow): string[] {
  return [fault, operation, String(runs), String(recovered), String(missed), seconds(medianMs), seconds(maxMs)];
}

/** One line for one step, as it ends. */
export function describeStep({ life, operation, fault, struck, recoveryMs, problems, attempts }: FaultResult): string {
  const what =
    fault === undefined ? 'undisturbed' : `SIGKILL of ${fault.fault} after ${fault.delayMs} ms${struck ? '' : ' (missed: it was over)'}`;
  const outcome = recoveryMs === null ? `NOT RECOVERED: ${problems.join('; ')}` : `${seconds(recoveryMs)}`;
  return `life ${life}, ${operation}, ${what}: ${outcome}${attempts.length > 1 ? ` [attempts: ${attempts.join(', ')}]` : ''}`;
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`;
}

/** @param sorted ascending; of two in the middle, the mean */
function median(sorted: readonly number[]): number | null {
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : Math.round((low + high) / 2);
}
