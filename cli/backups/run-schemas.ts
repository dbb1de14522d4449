import { z } from 'zod';

/** What the backup service answers (services/backup/main.ts). */
export const runSchema = z.object({
  id: z.string(),
  status: z.enum(['succeeded', 'failed', 'unfinished', 'unreadable']),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  databases: z.int(),
  bytes: z.number(),
  failures: z.array(z.object({ database: z.string(), error: z.string() })),
});

export const shownRestoreSchema = z.object({
  runId: z.string(),
  startedAt: z.string(),
  databases: z.int(),
  bytes: z.number(),
  missing: z.array(z.string()),
  loaded: z.boolean(),
});

export const loadedRestoreSchema = z.object({
  runId: z.string(),
  applications: z.array(z.object({ id: z.string(), tier: z.enum(['shared', 'dedicated']), loaded: z.boolean() })),
});

export const finishedRestoreSchema = z.object({
  runId: z.string(),
  databases: z.array(z.object({ applicationId: z.string(), error: z.string().nullable() })),
});

export type BackupRun = z.output<typeof runSchema>;
