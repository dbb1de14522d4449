import {
  AckPolicy,
  DiscardPolicy,
  jetstreamManager,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { deadLetterStream, jobStream } from './job.ts';

/**
 * Creates the streams and the consumer of jobs, or brings them to these settings; idempotent, so it is called at the start and again
 * whenever one of them is found missing.
 *
 * @param replicas copies of each stream: 1, or 3 on a cluster of NATS servers. A stream that has more keeps them: during a rollout that
 *   raises the number, processes that know the older one still come here
 */
export async function ensureStreams(nc: NatsConnection, { replicas }: { replicas: number }): Promise<void> {
  const manager = await jetstreamManager(nc);
  await ensureStream(manager, {
    name: jobStream.stream,
    fixed: { retention: RetentionPolicy.Workqueue, storage: StorageType.File },
    changeable: {
      subjects: [jobStream.subject],
      discard: DiscardPolicy.New,
      duplicate_window: nanos(jobStream.duplicateWindowMs),
      num_replicas: replicas,
    },
  });
  await ensureStream(manager, {
    name: deadLetterStream.stream,
    fixed: { retention: RetentionPolicy.Limits, storage: StorageType.File },
    changeable: {
      subjects: [deadLetterStream.subject],
      discard: DiscardPolicy.Old,
      max_age: nanos(deadLetterStream.maxAgeMs),
      num_replicas: replicas,
    },
  });
  await ensureConsumer(manager);
}

/** What JetStream fixes when a stream is created, and what may change later. */
interface StreamSettings {
  name: string;
  fixed: { retention: RetentionPolicy; storage: StorageType };
  changeable: { subjects: string[]; discard: DiscardPolicy; num_replicas: number; duplicate_window?: number; max_age?: number };
}

async function ensureStream(manager: JetStreamManager, { name, fixed, changeable }: StreamSettings): Promise<void> {
  const { config } = (await orMissing(manager.streams.info(name), JetStreamApiCodes.StreamNotFound)) ?? {};
  if (config && !mustBeMadeAnew(config, changeable.num_replicas)) {
    await manager.streams.update(name, { ...changeable, num_replicas: Math.max(changeable.num_replicas, config.num_replicas) });
    return;
  }
  if (config) await manager.streams.delete(name);
  await manager.streams.add({ name, ...fixed, ...changeable });
}

/**
 * A work queue that has a consumer can't be given more copies: NATS 2.15.2 notes the new number, makes none, and answers no further update
 * until the server is started anew. What is lost with the queue are wake-ups of open jobs, which the reconciler announces again.
 */
function mustBeMadeAnew(config: StreamConfig, replicas: number): boolean {
  return config.retention === RetentionPolicy.Workqueue && config.num_replicas < replicas;
}

async function ensureConsumer(manager: JetStreamManager): Promise<void> {
  const settings = { ack_wait: nanos(jobStream.ackWaitMs), max_deliver: jobStream.maxDeliver };
  const exists = await orMissing(manager.consumers.info(jobStream.stream, jobStream.consumer), JetStreamApiCodes.ConsumerNotFound);
  if (exists) await manager.consumers.update(jobStream.stream, jobStream.consumer, settings);
  else await manager.consumers.add(jobStream.stream, { durable_name: jobStream.consumer, ack_policy: AckPolicy.Explicit, ...settings });
}

async function orMissing<T>(lookup: Promise<T>, missingCode: number): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (err) {
    if (err instanceof JetStreamApiError && err.code === missingCode) return undefined;
    throw err;
  }
}
