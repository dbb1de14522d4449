import { z } from 'zod';

export type PlannedOp = 'create' | 'update' | 'replace' | 'delete' | 'same';

/** One resource of a plan, with what it was and what it is to be. Secrets and what is not known yet are placeholders in both. */
export interface PlannedResource {
  urn: string;
  /** The Pulumi type, such as `kubernetes:apps/v1:StatefulSet`. */
  type: string;
  /** The last part of the type, such as `StatefulSet`. */
  kind: string;
  name: string;
  op: PlannedOp;
  /** Paths of the fields that differ, and whether one of them means a replacement. Empty where the provider does not say. */
  fields: { path: string; replaces: boolean }[];
  before: Record<string, unknown> | undefined;
  after: Record<string, unknown> | undefined;
}

export const secretPlaceholder = '[secret]';
export const unknownPlaceholder = '[not known yet]';

const inputsSchema = z.object({ custom: z.boolean().default(false), inputs: z.record(z.string(), z.unknown()).default({}) }).nullish();

/** A step as the engine tells it before it would take it. */
export const stepSchema = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  old: inputsSchema,
  new: inputsSchema,
  keys: z.array(z.string()).nullish(),
  diffs: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.object({ diffKind: z.string() })).nullish(),
});

/** What the engine calls the steps, and what they mean for the resource. Others, such as `read`, change nothing of ours. */
const meanings: Record<string, PlannedOp> = {
  same: 'same',
  create: 'create',
  import: 'create',
  update: 'update',
  delete: 'delete',
  replace: 'replace',
  'create-replacement': 'replace',
  'delete-replaced': 'replace',
  'import-replacement': 'replace',
};

/** Of the steps that a replacement is told in, which one counts. */
const weight: Record<PlannedOp, number> = { same: 0, update: 1, create: 2, delete: 3, replace: 4 };

/** The resources that a preview's steps are about, each once. Not the engine's own, nor components, which only group others. */
export function readPlan(steps: readonly z.output<typeof stepSchema>[]): PlannedResource[] {
  const resources = new Map<string, PlannedResource>();
  for (const step of steps) {
    const op = meanings[step.op];
    const isCustom = (step.new ?? step.old)?.custom === true;
    if (op === undefined || !isCustom || step.type.startsWith('pulumi:')) continue;
    const known = resources.get(step.urn);
    const read = readStep(step, op);
    const main = known === undefined || weight[op] > weight[known.op] ? read : known;
    resources.set(step.urn, {
      ...main,
      fields: main.fields.length > 0 ? main.fields : (known ?? read).fields,
      before: known?.before ?? read.before,
      after: known?.after ?? read.after,
    });
  }
  return [...resources.values()];
}

function readStep(step: z.output<typeof stepSchema>, op: PlannedOp): PlannedResource {
  const detailed = Object.entries(step.detailedDiff ?? {}).map(([path, { diffKind }]) => ({
    path,
    replaces: diffKind.includes('replace'),
  }));
  const named = (step.diffs ?? step.keys ?? []).map((path) => ({ path, replaces: step.keys?.includes(path) ?? false }));
  return {
    urn: step.urn,
    type: step.type,
    kind: step.type.slice(step.type.lastIndexOf(':') + 1),
    name: step.urn.slice(step.urn.lastIndexOf('::') + 2),
    op,
    fields: detailed.length > 0 ? detailed : named,
    before: readInputs(step.old?.inputs),
    after: op === 'delete' ? undefined : readInputs(step.new?.inputs),
  };
}

/** Pulumi's own signs for a secret (an object with this key) and for a value that only an `up` will know. */
const secretSign = '4dabf18193072939515e22adb298388d';
const unknownSign = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

function readInputs(inputs: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return inputs === undefined ? undefined : (readValue(inputs) as Record<string, unknown>);
}

function readValue(value: unknown): unknown {
  if (value === unknownSign) return unknownPlaceholder;
  if (Array.isArray(value)) return value.map(readValue);
  if (typeof value !== 'object' || value === null) return value;
  if (secretSign in value) return secretPlaceholder;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readValue(item)]));
}
