import { z } from 'zod';
import { podResources } from '../resource-settings.ts';

const bucketEgress = z.strictObject({ cidr: z.string(), port: z.int().min(1).max(65_535) });

/** Where backups go. A volume dies with its cluster: production wants a bucket, best in another region and of another account. */
const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('volume'), storage: z.string() }),
  z.strictObject({
    kind: z.literal('bucket'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
    /** In front of every key: each platform needs its own. */
    prefix: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]+(\/[a-zA-Z0-9_.-]+)*$/, 'must be a path without slashes at its ends')
      .optional(),
    region: z.string().min(1),
    /** Of a store that is not Amazon's. */
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    /** Where the store is, if not on the public internet. */
    egress: z.array(bucketEgress).min(1).optional(),
  }),
]);

export const backupSettingsSchema = podResources.extend({
  /** When, as cron says it, in UTC. */
  schedule: z.string().regex(/^(\S+\s+){4}\S+$/, 'must have the five fields of cron'),
  /** Days of which the newest good backup is kept. */
  keepDays: z.int().min(1).max(3_650),
  /** Databases that are dumped at once. */
  concurrency: z.int().min(1).max(16),
  /** A backup or restore that takes longer is ended. */
  timeLimitMinutes: z.int().min(5).max(2_880),
  target,
});

export type BackupSettings = z.output<typeof backupSettingsSchema>;
