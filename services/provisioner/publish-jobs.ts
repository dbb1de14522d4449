import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { deadLetterStream, jobStream } from '../shared/jobs/job.ts';
import type { JobMessage } from '../shared/jobs/job.ts';

/** NATS being away must not hold anything up: what is not announced now is announced by the reconciler's next round. */
const publishTimeoutMs = 2_000;

/**
 * Announces a job again.
 *
 * @param messageId other than every earlier announcement's, or the queue's de-duplication swallows it
 */
export async function publishWakeUp(nats: NatsConnection, message: JobMessage, messageId: string): Promise<void> {
  await jetstream(nats).publish(jobStream.subject, JSON.stringify(message), { msgID: messageId, timeout: publishTimeoutMs });
}

export interface DeadLetter {
  jobId: string;
  appId: string;
  operationId: string;
  code: string;
  message: string;
}

/** Announces a dead letter; the record is the job's row, this is only for those who listen (alerts, e-mail). */
export async function publishDeadLetter(nats: NatsConnection, letter: DeadLetter): Promise<void> {
  await jetstream(nats).publish(deadLetterStream.subject, JSON.stringify(letter), { msgID: letter.jobId, timeout: publishTimeoutMs });
}
