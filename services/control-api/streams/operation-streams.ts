import type { Writable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { OperationRow } from '../stores/operation-store.ts';
import { eventStreamLimits, openEventStream } from './event-stream.ts';
import type { EventStream, EventStreamLimits } from './event-stream.ts';
import { createOperationPoller } from './operation-poller.ts';
import { createOperationEvents, startingCursor } from './operation-stream.ts';

export interface StreamRequest {
  userId: string;
  operation: OperationRow;
  /** As the client sent it, or an empty text. */
  lastEventId: string;
  /** Opens the answer; called once, where the stream is let in. */
  open: () => Writable;
}

export interface OperationStreams {
  /**
   * Streams an operation until it has ended, the client leaves, or the stream's time is over.
   *
   * @throws AppError service_unavailable (shutting down, or too many streams in this process), rate_limit_exceeded (too many of this user)
   */
  stream(request: StreamRequest): Promise<void>;
  /** Ends all streams, and lets no more in: a shutdown does not wait for them. */
  close(): void;
}

export interface OperationStreamsOptions {
  db: Kysely<Database>;
  log: Log;
  /** Between two looks at the operations. */
  pollMs?: number;
  limits?: Partial<EventStreamLimits>;
  /** In this process; each holds a connection and up to a batch of events. */
  maxStreams?: number;
  maxStreamsPerUser?: number;
}

/** A limit of the user's is no matter of time: after this, one of the others may have ended. */
const retryAfterSeconds = 10;

/** All event streams of one process, on one poller. */
export function createOperationStreams({
  db,
  log,
  limits,
  pollMs = 400,
  maxStreams = 200,
  maxStreamsPerUser = 10,
}: OperationStreamsOptions): OperationStreams {
  const poller = createOperationPoller({ db, log, pollMs });
  const open = new Map<EventStream, string>();
  let closed = false;

  const admit = (userId: string): void => {
    if (closed) throw appErrors.unavailable('maintenance');
    const own = [...open.values()].filter((other) => other === userId).length;
    if (own >= maxStreamsPerUser) throw appErrors.rateLimited(retryAfterSeconds);
    if (open.size >= maxStreams) throw appErrors.unavailable('busy');
  };

  return {
    async stream({ userId, operation, lastEventId, ...request }) {
      admit(userId);
      const stream = openEventStream(request.open(), { ...eventStreamLimits, ...limits });
      open.set(stream, userId);
      const events = createOperationEvents();
      const unwatch = poller.watch({
        operationId: operation.id,
        cursor: startingCursor(operation, lastEventId),
        ready: () => stream.ready(),
        take(update) {
          for (const event of events.next(update)) stream.send(event);
          if (events.ended()) stream.end();
        },
      });
      try {
        await stream.closed;
      } finally {
        unwatch();
        open.delete(stream);
      }
    },
    close() {
      closed = true;
      for (const stream of open.keys()) stream.end();
    },
  };
}
