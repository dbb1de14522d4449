/** Why an operation is stopped from outside. */
export type StopReason =
  /** This process shuts down: end the child cleanly, hand the job back. */
  | 'shutdown'
  /** Somebody asked for it: end the child cleanly, the job is over. */
  | 'cancelled'
  /** Another worker may own the application now: end the child at once, write nothing. */
  | 'lease-lost';

export interface RunningOperation {
  operationId: string;
  jobId: string;
  appId: string;
  kind: string;
  startedAt: Date;
  phase: () => string;
  stop: (reason: StopReason) => void;
}

/** What GET /operations shows: no spec, no outputs, no tokens. */
export interface RunningOperationView {
  operationId: string;
  jobId: string;
  appId: string;
  kind: string;
  startedAt: string;
  phase: string;
}

export interface RunningOperations {
  /** Returns the function that takes the operation out again. */
  add(operation: RunningOperation): () => void;
  list(): RunningOperationView[];
  stopAll(reason: StopReason): void;
}

/** The operations that this process holds the lease of. One that starts after stopAll() is stopped at once. */
export function createRunningOperations(): RunningOperations {
  const running = new Set<RunningOperation>();
  let stopped: StopReason | undefined;

  return {
    add(operation) {
      running.add(operation);
      if (stopped !== undefined) operation.stop(stopped);
      return () => running.delete(operation);
    },
    list: () =>
      [...running].map(({ operationId, jobId, appId, kind, startedAt, phase }) => ({
        operationId,
        jobId,
        appId,
        kind,
        startedAt: startedAt.toISOString(),
        phase: phase(),
      })),
    stopAll(reason) {
      stopped = reason;
      for (const operation of running) operation.stop(reason);
    },
  };
}
