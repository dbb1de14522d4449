import { z } from 'zod';

/**
 * The message on `app.provision`: a wake-up, never the truth. The desired state is the application's row; a message says only
 * "reconcile this application up to this generation", so that it may be lost, doubled or late without harm.
 */
export const jobMessageSchema = z.strictObject({
  jobId: z.string().startsWith('job_'),
  appId: z.string().startsWith('app_'),
  generation: z.int().min(1),
});

export type JobMessage = z.output<typeof jobMessageSchema>;

/** Work-queue stream of reconcile jobs, and the one durable pull consumer on it. */
export const jobStream = {
  stream: 'AUTHSOME_JOBS',
  subject: 'app.provision',
  consumer: 'provisioner',
  /** A message not acknowledged or extended by working() within this time is delivered again. */
  ackWaitMs: 30_000,
  /** Redelivery bound of the queue alone; attempts are counted in the job's row. */
  maxDeliver: 20,
  /** Publishing the same job id twice inside this window stores it once. */
  duplicateWindowMs: 120_000,
} as const;

/** Limits-retention stream that only announces dead letters; the record itself is the job's row. */
export const deadLetterStream = { stream: 'AUTHSOME_DEAD', subject: 'app.dead', maxAgeMs: 30 * 24 * 3_600_000 } as const;
