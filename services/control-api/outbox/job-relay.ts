import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { ensureStreams } from '../../shared/jobs/ensure-streams.ts';
import { jobStream } from '../../shared/jobs/job.ts';
import type { JobMessage } from '../../shared/jobs/job.ts';
import { lockUnpublishedJobs, markPublished } from '../stores/job-store.ts';

interface JobRelayOptions {
  db: Kysely<Database>;
  /** Undefined while there never was a connection. */
  nats: () => NatsConnection | undefined;
  /** Copies of the stream, where it has to be made. */
  replicas: number;
}

/** Jobs in one transaction: their rows are held while they are published. */
const batchSize = 50;
/** Row locks are held meanwhile, so not the client's default of 5 s. */
const publishTimeoutMs = 2_000;

/**
 * Publishes jobs that were never published, in every replica at once without doubling any: rows are locked, and the message id is the job's
 * id, so that a relay that dies between publishing and committing doubles nothing within the queue's de-duplication window. What is lost
 * after that is the provisioner's reconciler's to find.
 *
 * @returns a function that publishes one batch and answers whether there may be more; it rejects where NATS doesn't answer
 */
export function createJobRelay({ db, nats, replicas }: JobRelayOptions): () => Promise<boolean> {
  let streamsEnsured = false;

  return async () => {
    const nc = nats();
    if (!nc) return false;
    const results = await db.transaction().execute(async (tx) => {
      const jobs = await lockUnpublishedJobs(tx, batchSize);
      if (jobs.length === 0) return [];
      if (!streamsEnsured) await ensureStreams(nc, { replicas });
      streamsEnsured = true;
      const published = await Promise.allSettled(jobs.map((job) => publishJob(nc, job)));
      await markPublished(
        tx,
        jobs.filter((_job, index) => published[index]?.status === 'fulfilled').map(({ jobId }) => jobId),
      );
      return published;
    });

    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      // The stream may be gone with the server's disk.
      streamsEnsured = false;
      throw failed.reason;
    }
    return results.length === batchSize;
  };
}

async function publishJob(nc: NatsConnection, job: JobMessage): Promise<void> {
  await jetstream(nc).publish(jobStream.subject, JSON.stringify(job), { msgID: job.jobId, timeout: publishTimeoutMs });
}
