import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import type { Log } from '../shared/log.ts';
import { progressColumns } from './close-operation.ts';
import type { Lease } from './lease.ts';
import type { OperationProgress } from './operation-progress.ts';

export interface KeepLeaseOptions {
  db: Kysely<Database>;
  lease: Lease;
  progress: OperationProgress;
  heartbeatMs: number;
  ttlMs: number;
  /** Called after a heartbeat was written, that is, only while the lease is held. */
  onHeld: () => void;
  /** Called once, when somebody has asked to cancel the operation, while the lease is held. */
  onCancel: () => void;
  /** Called once, when the lease is lost or can't be proven any more; the operation must end at once and write nothing. */
  onLost: () => void;
  log: Log;
}

export interface LeaseKeeper {
  /** Writes the progress now instead of with the next heartbeat; for a new phase. */
  flush(): void;
  /** A write that is under way may still end, harmlessly: it is fenced. */
  stop(): void;
}

/**
 * Part of the TTL after which a worker that could not write its heartbeat gives its own operation up: well before another worker may take
 * over, so that two children never work on one stack.
 */
const selfFenceShare = 2 / 3;

/** Writes the heartbeat, with the progress so far, every `heartbeatMs` until it is stopped or the lease is lost. */
export function keepLease({ db, lease, progress, heartbeatMs, ttlMs, ...options }: KeepLeaseOptions): LeaseKeeper {
  const { onHeld, onCancel, onLost, log } = options;
  let heldUntil = performance.now() + ttlMs * selfFenceShare;
  let writing: Promise<void> | undefined;
  let again = false;
  let over = false;
  let cancelled = false;

  const lose = (reason: string): void => {
    if (over) return;
    over = true;
    log.warn({ reason }, 'Lost the lease of an operation');
    onLost();
  };

  const beat = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const written = await writeHeartbeat(db, lease, progress);
      if (written === undefined) return lose('taken over');
      heldUntil = startedAt + ttlMs * selfFenceShare;
      if (!over) onHeld();
      if (over || cancelled || !written.cancel_requested) return;
      cancelled = true;
      onCancel();
    } catch (error) {
      if (!over) log.warn({ err: error }, 'A heartbeat could not be written');
    }
  };

  const write = (): void => {
    if (over) return;
    if (writing !== undefined) {
      again = true;
      return;
    }
    writing = beat().finally(() => {
      writing = undefined;
      if (!again) return;
      again = false;
      write();
    });
  };

  const beats = setInterval(write, heartbeatMs);
  // Apart from the writes: one that hangs on a dead connection must not hide that the time is over.
  const fence = setInterval(() => performance.now() > heldUntil && lose('no heartbeat could be written in time'), heartbeatMs / 2);

  return {
    flush: write,
    stop() {
      over = true;
      clearInterval(beats);
      clearInterval(fence);
    },
  };
}

function writeHeartbeat(db: Kysely<Database>, lease: Lease, progress: OperationProgress) {
  return db
    .updateTable('operations')
    .set({ heartbeat_at: sql<Date>`now()`, ...progressColumns(progress.snapshot()) })
    .where('id', '=', lease.operationId)
    .where('fencing_token', '=', lease.fencingToken)
    .where('status', '=', 'running')
    .returning(sql<boolean>`(select cancel_requested_at is not null from jobs where id = operations.job_id)`.as('cancel_requested'))
    .executeTakeFirst();
}
