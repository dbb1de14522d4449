import { z } from 'zod';
import { looseTenantSpecSchema, tenantOutputsSchema, tenantSpecSchema } from '../tenant-program/spec.ts';

/** The stack's last holder has been proven dead: its lock may be broken, and what it left unfinished is cleared first. */
const takeover = z.boolean().default(false);

/** The one line that the operation process reads from standard input. Secrets come this way, never as arguments. */
export const operationRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('up'), spec: tenantSpecSchema, takeover }),
  // What was made under an earlier plan, or earlier rules, can be removed all the same.
  z.strictObject({ kind: z.literal('destroy'), spec: looseTenantSpecSchema, takeover }),
  // Looks at every resource and changes nothing, so it needs no lock, and takes none over.
  z.strictObject({ kind: z.literal('drift'), spec: tenantSpecSchema, takeover }),
]);

export type OperationRequest = z.output<typeof operationRequestSchema>;
export type OperationRequestInput = z.input<typeof operationRequestSchema>;

/** How many resources an operation created, updated, replaced, deleted and left as they were, by Pulumi's own names. */
export const changeCountsSchema = z.record(z.string(), z.int());
export type ChangeCounts = z.output<typeof changeCountsSchema>;

/** A resource that is not as the stack's program wants it. */
export const driftChangeSchema = z.strictObject({
  /** What an `up` would do, by Pulumi's own names: create, update, replace, delete. */
  change: z.string(),
  resourceType: z.string(),
  resourceName: z.string(),
  /** Paths of the fields that differ, such as spec.replicas. */
  fields: z.array(z.string()),
});
export type DriftChange = z.output<typeof driftChangeSchema>;

export const operationPhases = ['starting', 'opening', 'recovering', 'applying', 'destroying', 'removing', 'comparing'] as const;
export type OperationPhase = (typeof operationPhases)[number];

export const operationErrorCodes = [
  'invalid_request',
  'invalid_object',
  'quota_exceeded',
  'forbidden',
  'admission_refused',
  'name_taken',
  'data_protected',
  'plugin_missing',
  'wrong_passphrase',
  'locked',
  'cancelled',
  'deadline_exceeded',
  'database_unavailable',
  'state_unavailable',
  'cluster_unavailable',
  'pods_not_ready',
  'namespace_terminating',
  'unknown',
] as const;
export type OperationErrorCode = (typeof operationErrorCodes)[number];

/** What the operation process writes on standard output, one JSON object a line. The last one is a result or an error. */
export const operationMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('phase'), name: z.enum(operationPhases), at: z.iso.datetime() }),
  z.strictObject({
    type: z.literal('resource'),
    op: z.string(),
    /** Type token, such as kubernetes:apps/v1:Deployment. */
    resourceType: z.string(),
    name: z.string(),
    status: z.enum(['started', 'done', 'failed']),
  }),
  z.strictObject({
    type: z.literal('result'),
    /** Null of anything but an `up`. Secrets are in plain text: this line must go to no log. */
    outputs: tenantOutputsSchema.nullable(),
    counts: changeCountsSchema,
    /** Of a look for drift. */
    drift: z.array(driftChangeSchema).optional(),
  }),
  z.strictObject({
    type: z.literal('error'),
    retryable: z.boolean(),
    code: z.enum(operationErrorCodes),
    message: z.string(),
    remedy: z.string(),
  }),
]);

export type OperationMessage = z.output<typeof operationMessageSchema>;
export type OperationError = Extract<OperationMessage, { type: 'error' }>;
export type OperationProgress = Extract<OperationMessage, { type: 'phase' | 'resource' }>;
