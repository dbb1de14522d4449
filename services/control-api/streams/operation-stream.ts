import { presentOperation } from '../presenters/present-operation.ts';
import type { OperationView } from '../presenters/present-operation.ts';
import type { EventCursor, EventRow } from '../stores/operation-event-store.ts';
import type { OperationRow } from '../stores/operation-store.ts';
import type { StreamEvent } from './event-stream.ts';
import type { OperationUpdate } from './operation-poller.ts';

/** An event's id names the attempt and its number in it. */
const eventId = /^(op_[a-z0-9]{6,64}):(\d{1,9})$/;

/**
 * Where a stream begins: after the event that the client has seen last, or with the newest attempt. What is no id of this operation's is as
 * good as none.
 */
export function startingCursor({ attemptRows }: OperationRow, lastEventId: string): EventCursor {
  const [, attemptId, sequence] = eventId.exec(lastEventId) ?? [];
  const seen = attemptRows.find(({ id }) => id === attemptId);
  if (seen !== undefined) return { attempt: seen.fencing_token, sequence: Number(sequence) };
  return { attempt: attemptRows[0]?.fencing_token ?? 0, sequence: 0 };
}

export interface OperationEvents {
  /** What a viewer has to be told of a new look at the operation. */
  next(update: OperationUpdate): StreamEvent[];
  /** The last event has been given out. */
  ended(): boolean;
}

/**
 * Turns looks at an operation into events: `operation`, the whole of it, at the start and when its status changes; `phase` when one begins or
 * ends; `resource` for each step of the engine; and `end` once it is over.
 */
export function createOperationEvents(): OperationEvents {
  let toldState: string | undefined;
  let toldView = '';
  let closing = false;
  let ended = false;
  const toldPhases = new Set<string>();

  return {
    next({ operation, events, more }) {
      if (ended) return [];
      const view = presentOperation(operation);
      const over = isOver(view) && !more;
      // One more look after the last status: what a worker notes after its commit, the route's publication, comes in that moment.
      ended = over && closing;
      closing = over;

      const first = toldState === undefined;
      const changed = stateOf(view) !== toldState || (ended && JSON.stringify(view) !== toldView);
      const whole = changed ? [{ event: 'operation', data: view }] : [];
      if (changed) [toldState, toldView] = [stateOf(view), JSON.stringify(view)];
      const steps = [...newPhases(view, toldPhases), ...events.map(presentEvent)];
      // What led to an end is told before it.
      const news = isOver(view) && !first ? [...steps, ...whole] : [...whole, ...steps];
      return ended ? [...news, { event: 'end', data: { status: view.status } }] : news;
    },
    ended: () => ended,
  };
}

function isOver({ status }: OperationView): boolean {
  return status !== 'queued' && status !== 'running';
}

/** What makes a viewer look at the whole operation again. */
function stateOf({ status, overdue, cancelRequestedAt, notBefore, attempts }: OperationView): string {
  return JSON.stringify([status, overdue, cancelRequestedAt, notBefore, attempts.map((attempt) => attempt.status)]);
}

function newPhases({ attempts: [attempt], phases }: OperationView, told: Set<string>): StreamEvent[] {
  const news = phases.map((phase) => ({ attemptId: attempt?.id ?? null, ...phase })).filter((phase) => !told.has(JSON.stringify(phase)));
  for (const phase of news) told.add(JSON.stringify(phase));
  return news.map((data) => ({ event: 'phase', data }));
}

function presentEvent({ operation_id: attemptId, sequence, at, change, resource_type, resource_name, status }: EventRow): StreamEvent {
  const data = { attemptId, at: new Date(at).toISOString(), change, type: resource_type, name: resource_name, status };
  return { event: 'resource', id: `${attemptId}:${sequence}`, data };
}
