import { jetstream } from '@nats-io/jetstream';
import { jobMessageSchema, jobStream } from '../../services/shared/jobs/job.ts';
import type { JobMessage } from '../../services/shared/jobs/job.ts';
import { waitFor } from './wait-for.ts';
import { natsClient } from './nats-client.ts';

const defaultExpiresMs = 5_000;

/** Takes the next job off the queue as the provisioner does, or null where none comes in time (5 s). */
export async function takeJob(natsUrl: string, expiresMs = defaultExpiresMs): Promise<JobMessage | null> {
  const nc = await natsClient({ servers: natsUrl });
  try {
    // The relay makes stream and consumer when it has something to publish.
    const consumer = await waitFor('the queue', () =>
      jetstream(nc)
        .consumers.get(jobStream.stream, jobStream.consumer)
        .catch(() => undefined),
    );
    const message = await consumer.next({ expires: expiresMs });
    if (!message) return null;
    await message.ackAck();
    return jobMessageSchema.parse(message.json());
  } finally {
    await nc.close();
  }
}
