import { urlWithPassword } from './policies/no-plain-secrets.ts';
import { secretPlaceholder, unknownPlaceholder } from './planned-resource.ts';
import type { PlannedResource } from './planned-resource.ts';

export interface FieldChange {
  path: string;
  /** As text, cut to a length that a line holds; nothing where the field is not there. */
  before: string | undefined;
  after: string | undefined;
  replaces: boolean;
}

/** Two of them and the path fit a line that can be read. */
const maxValueLength = 80;
/** More fields than these nobody reads one by one. */
const maxFields = 20;

/** What an update or a replacement changes, field by field, without anything secret. */
export function fieldChanges(resource: PlannedResource): { changes: FieldChange[]; more: number } {
  const changes = resource.fields.map(({ path, replaces }) => ({
    path,
    before: show(resource, resource.before, path),
    after: show(resource, resource.after, path),
    replaces,
  }));
  return { changes: changes.slice(0, maxFields), more: Math.max(0, changes.length - maxFields) };
}

function show(resource: PlannedResource, inputs: unknown, path: string): string | undefined {
  // The provider tells of `data` where the program said `stringData`: what is there cannot be told, and is not.
  if (isInSecret(resource, path)) return secretPlaceholder;
  const value = readPath(inputs, path);
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'string' && urlWithPassword.test(item) ? secretPlaceholder : item,
  );
  if (value === unknownPlaceholder || value === secretPlaceholder) return value;
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength - 1)}…` : text;
}

/** Pulumi marks secrets; what a Secret holds is never shown in any case. */
function isInSecret({ type }: PlannedResource, path: string): boolean {
  return (
    (type === 'kubernetes:core/v1:Secret' && /^(data|stringData)/.test(path)) ||
    (type.startsWith('random:') && /^(result|bcryptHash|hex|b64|dec)/.test(path))
  );
}

/** `spec.containers[0].env["a.b"]` in an object, as the provider writes paths. */
export function readPath(value: unknown, path: string): unknown {
  const keys = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? index ?? plain ?? '',
  );
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
