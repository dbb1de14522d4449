import { z } from 'zod';
import { runIdSchema } from './run-id.ts';

/** A part of the key, which is a path: made of names that were checked. */
const databaseName = z.string().regex(/^[a-z0-9_]{1,63}$/);

const common = { name: databaseName, kind: z.enum(['control', 'state', 'tenant']), startedAt: z.iso.datetime(), endedAt: z.iso.datetime() };
const tenant = {
  applicationId: z
    .string()
    .regex(/^app_[a-z0-9]+$/)
    .nullable(),
  /** On the tenants' server, or on one of the application's own; null for the platform's own databases. */
  tier: z.enum(['shared', 'dedicated']).nullable(),
};

export const dumpSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('succeeded'),
    ...common,
    ...tenant,
    /** Of the dump, within the target. */
    key: z.string(),
    bytes: z.int().positive(),
    sha256: z.string().length(64),
    /** Of the server, e.g. 15.14. */
    postgresVersion: z.string(),
  }),
  z.strictObject({ status: z.literal('failed'), ...common, ...tenant, error: z.string() }),
]);

/** What a backup run is, beside its dumps: written last, so that a run without one did not come to its end. */
export const manifestSchema = z.strictObject({
  version: z.literal(1),
  id: runIdSchema,
  /** failed: at least one database is missing. Its good dumps can be restored all the same. */
  status: z.enum(['succeeded', 'failed']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** The newest migration of the control database, 0 where it could not be read. */
  schemaMigration: z.int().min(0),
  /** Whether another platform has the keys without which parts of this can't be read: fingerprints, which tell nothing of the keys. */
  keys: z.strictObject({ encryptionKey: z.string(), passphrase: z.string() }),
  databases: z.array(dumpSchema),
});

export type Dump = z.output<typeof dumpSchema>;
export type GoodDump = Extract<Dump, { status: 'succeeded' }>;
export type Manifest = z.output<typeof manifestSchema>;

export const manifestKey = (runId: string): string => `${runId}/manifest.json`;
export const dumpKey = (runId: string, database: string): string => `${runId}/${database}.dump`;

/**
 * Whether a platform can be had back from it: control database and state are there. Tenants' databases may be missing, which their owners can bring about: that
 * must keep neither the others from being backed up, nor old backups from making room.
 */
export function isSound({ databases }: Pick<Manifest, 'databases'>): boolean {
  return (['control', 'state'] as const).every((kind) => databases.some((dump) => dump.kind === kind && isGood(dump)));
}

export function isGood(dump: Dump): dump is GoodDump {
  return dump.status === 'succeeded';
}
