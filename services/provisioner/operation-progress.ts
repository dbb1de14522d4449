/** One step of an operation, as kept in operations.phases and shown to the application's owner. Times are RFC 3339 UTC. */
export interface Phase {
  name: string;
  startedAt: string;
  endedAt: string | null;
}

export interface ProgressCounts {
  created: number;
  updated: number;
  deleted: number;
  same: number;
  lastResource: string | null;
}

export type ResourceChange = 'created' | 'updated' | 'deleted' | 'same';

export interface ProgressSnapshot {
  phase: string;
  phases: Phase[];
  progress: ProgressCounts;
}

export interface OperationProgress {
  /** Ends the phase that runs and starts this one; naming the running one again changes nothing. */
  enter(name: string, at?: Date): void;
  /** Counts one finished resource. */
  count(change: ResourceChange, resource: string): void;
  snapshot(): ProgressSnapshot;
  /** The same with the running phase ended now: what an operation's row says once it is over. */
  closedSnapshot(at?: Date): ProgressSnapshot;
}

/**
 * The phases of one operation. The first is 'queued', from the moment that the job could be taken until a worker took it, so that
 * the phases of a first attempt cover the whole time that the owner waits.
 */
export function createOperationProgress({ queuedAt, startedAt }: { queuedAt: Date; startedAt: Date }): OperationProgress {
  const phases: Phase[] = [{ name: 'queued', startedAt: queuedAt.toISOString(), endedAt: startedAt.toISOString() }];
  const progress: ProgressCounts = { created: 0, updated: 0, deleted: 0, same: 0, lastResource: null };
  const current = (): Phase => phases.at(-1) as Phase;

  const snapshot = (endedAt: string | null): ProgressSnapshot => ({
    phase: current().name,
    phases: phases.map((phase) => ({ ...phase, endedAt: phase.endedAt ?? endedAt })),
    progress: { ...progress },
  });

  return {
    enter(name, at = new Date()) {
      if (current().name === name && current().endedAt === null) return;
      current().endedAt ??= at.toISOString();
      phases.push({ name, startedAt: at.toISOString(), endedAt: null });
    },
    count(change, resource) {
      progress[change] += 1;
      progress.lastResource = resource;
    },
    snapshot: () => snapshot(null),
    closedSnapshot: (at = new Date()) => snapshot(at.toISOString()),
  };
}
