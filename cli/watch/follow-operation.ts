import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ControlApiError, operationSchema, phaseSchema } from '../control-client.ts';
import type { ControlClient, Operation } from '../control-client.ts';
import { readEvents } from './read-events.ts';
import type { ServerEvent } from './read-events.ts';

const resourceSchema = z.object({
  at: z.string(),
  change: z.string(),
  type: z.string(),
  name: z.string(),
  status: z.enum(['started', 'done', 'failed']),
});
const attemptPhaseSchema = phaseSchema.extend({ attemptId: z.string().nullable() });

export type ResourceEvent = z.output<typeof resourceSchema>;
export type PhaseEvent = z.output<typeof attemptPhaseSchema>;

/** What a view is told. */
export interface OperationListener {
  operation(operation: Operation): void;
  phase(phase: PhaseEvent): void;
  resource(event: ResourceEvent): void;
  /** The connection was lost, and is made again. */
  interrupted(reason: string): void;
}

export interface FollowOptions {
  client: ControlClient;
  applicationId: string;
  operationId: string;
  listener: OperationListener;
  reconnectDelayMs?: number;
}

/** The platform ends each stream after 10 minutes, so this is over three hours. */
const maxConnections = 20;
/** The platform sends a comment every 15 s. */
const silenceMs = 45_000;

/**
 * Follows an operation by its event stream until it has ended. Where the connection is lost it goes on after the last event that came, a
 * bounded number of times.
 *
 * @returns the operation as it ended
 * @throws ControlApiError where the platform refuses, Error where the connection was lost too often
 */
export async function followOperation({ reconnectDelayMs = 1_000, ...options }: FollowOptions): Promise<Operation> {
  const position: Position = { lastEventId: undefined, operation: undefined };
  for (let connection = 1; ; connection += 1) {
    const reason = await followOnce(options, position).catch((error: unknown) => {
      if (error instanceof ControlApiError && error.status < 500 && error.status !== 429) return refused(error, position);
      return error instanceof Error ? error.message : String(error);
    });
    if (typeof reason === 'object') return reason;
    if (connection === maxConnections) throw new Error(`the event stream was lost ${maxConnections} times: ${reason}`);
    options.listener.interrupted(reason);
    await delay(reconnectDelayMs);
  }
}

interface Position {
  lastEventId: string | undefined;
  /** As it was told last. */
  operation: Operation | undefined;
}

/** @returns the operation once it has ended, or why the stream ended before */
async function followOnce(
  { client, applicationId, operationId, listener }: Omit<FollowOptions, 'reconnectDelayMs'>,
  position: Position,
): Promise<Operation | string> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('the platform has been silent')), silenceMs);
  try {
    const { lastEventId } = position;
    const { body } = await client.operationEvents(applicationId, operationId, { lastEventId, signal: silence.signal });
    if (body === null) return 'the stream is empty';
    for await (const event of readEvents(body, () => timer.refresh())) {
      position.lastEventId = event.id ?? position.lastEventId;
      if (event.event === 'end' && position.operation !== undefined) return position.operation;
      tell(event, listener, position);
    }
    return 'the stream ended';
  } finally {
    clearTimeout(timer);
    // Where it is left early, the connection must not stay open.
    silence.abort();
  }
}

/** Events of kinds that are not known yet are passed over. */
function tell({ event, data }: ServerEvent, listener: OperationListener, position: Position): void {
  const json: unknown = JSON.parse(data);
  if (event === 'operation') {
    position.operation = operationSchema.parse(json);
    listener.operation(position.operation);
  } else if (event === 'phase') listener.phase(attemptPhaseSchema.parse(json));
  else if (event === 'resource') listener.resource(resourceSchema.parse(json));
}

/** What is deleted for good is not found any more, its operations neither: the last thing that happened is that it succeeded. */
function refused(error: ControlApiError, { operation }: Position): Operation {
  if (error.status === 404 && operation !== undefined && (operation.kind === 'destroy' || operation.kind === 'delete')) {
    return { ...operation, status: 'succeeded', error: null };
  }
  throw error;
}
