import { z } from 'zod';

const stateSchema = z.object({ inputs: z.record(z.string(), z.unknown()).nullish() }).nullish();
const metadataSchema = z.object({ op: z.string(), urn: z.string(), type: z.string(), old: stateSchema, new: stateSchema });

/** The few engine events that are read; the others are passed over. */
const eventSchema = z.object({
  resourcePreEvent: z.object({ metadata: metadataSchema }).optional(),
  resOutputsEvent: z.object({ metadata: metadataSchema }).optional(),
  diagnosticEvent: z.object({ severity: z.string(), message: z.string() }).optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
});

/** What was not as the state had it, and is again. */
export interface Drift {
  /** Deleted behind the platform's back, such as `Deployment proxy`. */
  recreated: string[];
  /** Changed behind the platform's back, with the names of the fields. */
  putBack: string[];
}

export interface EngineReader {
  /** One line of `pulumi … --json`. Lines of anything else are passed over. */
  read: (line: string) => void;
  /** Resources by what was done to them: create, update, delete, same … */
  changes(): Record<string, number>;
  drift(): Drift;
  errors(): string[];
  /** Whether the state has operations that an engine began and did not end. */
  pending(): boolean;
}

/** Reads the events of an `up --refresh`. @param say told each step as it begins */
export function createEngineReader(say: (line: string) => void): EngineReader {
  let changes: Record<string, number> = {};
  const errors: string[] = [];
  const gone = new Set<string>();
  const altered = new Map<string, string[]>();
  const drift: Drift = { recreated: [], putBack: [] };
  let pending = false;

  const onStep = ({ op, urn }: z.output<typeof metadataSchema>): void => {
    if (op === 'same' || op === 'refresh' || op === 'read') return;
    const name = shortName(urn);
    say(`${op} ${name}`);
    if (op === 'create' && gone.delete(urn)) drift.recreated.push(name);
    const fields = altered.get(urn);
    if (fields !== undefined && altered.delete(urn)) drift.putBack.push(`${name} (${fields.join(', ')})`);
  };
  const onOutputs = (metadata: z.output<typeof metadataSchema>): void => {
    if (metadata.op !== 'refresh') return;
    if (metadata.new == null) gone.add(metadata.urn);
    else {
      const fields = differingPaths(metadata.old?.inputs ?? {}, metadata.new.inputs ?? {});
      if (fields.length > 0) altered.set(metadata.urn, fields);
    }
  };
  return {
    read(line) {
      const event = parseEvent(line);
      if (event?.resourcePreEvent !== undefined) onStep(event.resourcePreEvent.metadata);
      if (event?.resOutputsEvent !== undefined) onOutputs(event.resOutputsEvent.metadata);
      const { severity, message } = event?.diagnosticEvent ?? {};
      if (severity === 'error') errors.push(plain(message));
      if (severity === 'warning' && /pending operations/i.test(message ?? '')) pending = true;
      changes = event?.summaryEvent?.resourceChanges ?? changes;
    },
    changes: () => changes,
    drift: () => drift,
    errors: () => errors,
    pending: () => pending,
  };
}

/** urn:pulumi:stack::project::parent$kubernetes:apps/v1:Deployment::proxy → Deployment proxy */
export function shortName(urn: string): string {
  const [, , types, name] = urn.split('::');
  return `${types?.split(/[$:]/).at(-1) ?? ''} ${name ?? ''}`;
}

/** Deep enough for `spec.replicas`, and not so deep that a whole pod is listed. */
const maxDepth = 3;
const maxPaths = 5;

/** Names of fields only: their values may be secret. */
function differingPaths(before: Record<string, unknown>, after: Record<string, unknown>, prefix = '', depth = 1): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys]
    .filter((key) => !key.startsWith('__'))
    .flatMap((key) => {
      const [left, right] = [before[key], after[key]];
      if (JSON.stringify(left) === JSON.stringify(right)) return [];
      const path = `${prefix}${key}`;
      return isObject(left) && isObject(right) && depth < maxDepth ? differingPaths(left, right, `${path}.`, depth + 1) : [path];
    })
    .slice(0, maxPaths);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without the marks that the engine colours its text by. */
function plain(message = ''): string {
  return message.replaceAll(/<\{%[^%]*%\}>/g, '').trim();
}

function parseEvent(line: string): z.output<typeof eventSchema> | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
