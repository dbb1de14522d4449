import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../shared/db/tables.ts';
import type { Log } from '../../shared/log.ts';
import { eventBatchSize, listEventsSince } from '../stores/operation-event-store.ts';
import type { EventCursor, EventRow } from '../stores/operation-event-store.ts';
import { findOperations } from '../stores/operation-store.ts';
import type { OperationRow } from '../stores/operation-store.ts';

export interface OperationWatcher {
  operationId: string;
  /** After this event; moved by the poller. */
  cursor: EventCursor;
  /** False: it is left out of this round. */
  ready(): boolean;
  take(update: OperationUpdate): void;
}

export interface OperationUpdate {
  operation: OperationRow;
  /** Those after the watcher's cursor, the oldest first. */
  events: EventRow[];
  /** There may be more events already. */
  more: boolean;
}

export interface OperationPoller {
  /** @returns a function that ends the watching */
  watch(watcher: OperationWatcher): () => void;
}

interface OperationPollerOptions {
  db: Kysely<Database>;
  log: Log;
  pollMs: number;
}

/**
 * Reads the operations that somebody watches, all together in two queries a round, and only while somebody does. So a hundred viewers cost the
 * database hardly more than one.
 */
export function createOperationPoller({ db, log, pollMs }: OperationPollerOptions): OperationPoller {
  const watchers = new Set<OperationWatcher>();
  let running = false;
  let failing = false;
  // The rounds are everybody's: begun in a viewer's request, they would be part of its trace for as long as anybody watches.
  const apart = AsyncLocalStorage.snapshot();

  const run = async (): Promise<void> => {
    while (watchers.size > 0) {
      try {
        await poll(
          db,
          [...watchers].filter((watcher) => watcher.ready()),
          watchers,
        );
        failing = false;
      } catch (err) {
        log[failing ? 'debug' : 'warn']({ err }, 'Watched operations could not be read');
        failing = true;
      }
      await delay(pollMs);
    }
    running = false;
  };

  return {
    watch(watcher) {
      watchers.add(watcher);
      if (!running) {
        running = true;
        void apart(run);
      }
      return () => void watchers.delete(watcher);
    },
  };
}

async function poll(db: Kysely<Database>, asked: readonly OperationWatcher[], watching: ReadonlySet<OperationWatcher>): Promise<void> {
  if (asked.length === 0) return;
  // The events after the operations: what is read of one that has ended is all that there is.
  const operations = await findOperations(db, [...new Set(asked.map(({ operationId }) => operationId))]);
  const events = await listEventsSince(
    db,
    asked.map(({ operationId, cursor }) => ({ operationId, ...cursor })),
  );
  asked.forEach((watcher, index) => {
    const operation = operations.get(watcher.operationId);
    const found = events[index] ?? [];
    // It may have left while the database was asked.
    if (operation === undefined || !watching.has(watcher)) return;
    const last = found.at(-1);
    if (last !== undefined) watcher.cursor = { attempt: last.attempt, sequence: last.sequence };
    watcher.take({ operation, events: found, more: found.length === eventBatchSize });
  });
}
