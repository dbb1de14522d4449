import { jetstream } from '@nats-io/jetstream';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { setTimeout as delay } from 'node:timers/promises';
import { jobMessageSchema, jobStream } from '../shared/jobs/job.ts';
import type { JobMessage } from '../shared/jobs/job.ts';
import type { Log } from '../shared/log.ts';
import { backoffMs } from './backoff.ts';

/** What becomes of a message once its handler has returned. */
export type Outcome =
  /** Done, and committed. */
  | { type: 'done' }
  /** Not now: deliver it again after this time. */
  | { type: 'again'; delayMs: number }
  /** Never: it can't be understood, or is about nothing. */
  | { type: 'drop'; reason: string };

/** What a handler may do with the message while it works. */
export interface Delivery {
  /** Deliveries of this message so far, 1 for the first. */
  count: number;
  /** Tells the queue that somebody works on the message: it is not delivered again for another ack wait. */
  working(): void;
}

export interface ConsumerOptions {
  nats: NatsConnection;
  /** Messages handled at the same time. */
  concurrency: number;
  /** Creates the stream and its consumer where they are missing. */
  ensureStreams: () => Promise<void>;
  handle: (message: JobMessage, delivery: Delivery) => Promise<Outcome>;
  log: Log;
}

export interface JobConsumer {
  /** Stops taking messages, at once; resolves when the handlers that run have returned. */
  stop(): Promise<void>;
}

/** How long one pull waits for a message. The server's heartbeats come at half of it, and two missing ones show a lost consumer. */
const pullExpiresMs = 10_000;
/** Delivered again after this time when a handler failed in a way that nobody foresaw. */
const unexpectedFailureDelayMs = 5_000;

/**
 * Takes jobs off the queue, one message a slot. Each slot pulls a single message and pulls again only when that one is settled: a message
 * waiting in a buffer would burn its ack wait (consume() pulls ahead even with max_messages: 1). Survives whatever happens to NATS: a slot
 * whose pull fails makes sure of the stream and consumer, and goes on.
 */
export function startConsumer(options: ConsumerOptions): JobConsumer {
  const stopping = new AbortController();
  const pulls = new Set<ConsumerMessages>();
  void endPullsAtDisconnect(options.nats, pulls);
  const slots = Array.from({ length: options.concurrency }, () => runSlot({ ...options, pulls, stopping: stopping.signal }));
  return {
    async stop() {
      stopping.abort();
      pulls.forEach((pull) => pull.stop());
      await Promise.all(slots);
    },
  };
}

interface Slot extends ConsumerOptions {
  stopping: AbortSignal;
  pulls: Set<ConsumerMessages>;
}

/**
 * Ends every pull when the connection is lost. Left alone, the library's pulls go on after a reconnect, but where the server is not ready at
 * once they wait for as long as a pull lasts before they try again, and pulls of before and after may both be answered.
 */
async function endPullsAtDisconnect(nats: NatsConnection, pulls: Set<ConsumerMessages>): Promise<void> {
  for await (const { type } of nats.status()) if (type === 'disconnect') pulls.forEach((pull) => pull.stop());
}

async function runSlot(slot: Slot): Promise<void> {
  const { nats, log, stopping } = slot;
  let consumer: Consumer | undefined;
  let failures = 0;
  while (!stopping.aborted && !nats.isClosed()) {
    try {
      consumer ??= await findConsumer(slot);
      const pulled = await pullOne(consumer, slot);
      failures = 0;
      if (pulled === 'interrupted') consumer = undefined;
      else if (pulled !== 'nothing') await settle(pulled, slot);
    } catch (error) {
      consumer = undefined;
      failures += 1;
      if (stopping.aborted) return;
      // The first failure is the ordinary end of a pull whose consumer is gone; a lasting one is worth a line.
      log[failures === 1 ? 'debug' : 'warn']({ err: error, failures }, 'Pulling jobs failed');
      await delay(backoffMs({ attempt: Math.min(failures, 6), baseMs: 200, maxMs: 5_000 }), undefined, { signal: stopping }).catch(
        () => undefined,
      );
    }
  }
}

async function findConsumer({ nats, ensureStreams }: ConsumerOptions): Promise<Consumer> {
  await ensureStreams();
  return jetstream(nats).consumers.get(jobStream.stream, jobStream.consumer);
}

async function pullOne(consumer: Consumer, { pulls }: Slot): Promise<JsMsg | 'nothing' | 'interrupted'> {
  const startedAt = performance.now();
  const messages = await consumer.fetch({ max_messages: 1, expires: pullExpiresMs });
  pulls.add(messages);
  try {
    for await (const message of messages) return message;
    return performance.now() - startedAt < pullExpiresMs ? 'interrupted' : 'nothing';
  } finally {
    pulls.delete(messages);
    messages.stop();
  }
}

async function settle(message: JsMsg, options: Slot): Promise<void> {
  if (options.stopping.aborted) return message.nak();
  const outcome = await outcomeOf(message, options);
  switch (outcome.type) {
    case 'done':
      // Confirmed, so that a lost ack is an error here. It does no harm either: the job's row says that it is done.
      await message.ackAck().catch((error: unknown) => options.log.warn({ err: error }, 'The queue did not confirm an ack'));
      return;
    case 'again':
      // A nak of the last delivery would leave the message in the work queue for ever; the reconciler announces the job anew.
      return message.info.deliveryCount >= jobStream.maxDeliver ? message.term('delivered too often') : message.nak(outcome.delayMs);
    case 'drop':
      options.log.warn({ reason: outcome.reason, streamSequence: message.seq }, 'Dropped a message');
      return message.term(outcome.reason);
  }
}

async function outcomeOf(message: JsMsg, { handle, log }: ConsumerOptions): Promise<Outcome> {
  const parsed = parseMessage(message);
  if (parsed === undefined) return { type: 'drop', reason: 'not a job message' };
  try {
    return await handle(parsed, { count: message.info.deliveryCount, working: () => message.working() });
  } catch (error) {
    log.error({ err: error, jobId: parsed.jobId, appId: parsed.appId }, 'Handling a job failed');
    return { type: 'again', delayMs: unexpectedFailureDelayMs };
  }
}

function parseMessage(message: JsMsg): JobMessage | undefined {
  try {
    return jobMessageSchema.parse(message.json());
  } catch {
    return undefined;
  }
}
