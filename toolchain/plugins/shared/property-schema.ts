import { isUnknown } from './wire-values.ts';
import type { Properties, PropertyValue } from './wire-values.ts';

/** One input property of a resource type, as the official schema has it. */
export interface PropertySchema {
  type: 'string' | 'integer' | 'boolean' | 'strings' | 'map';
  required?: boolean;
  /** What the property is when it is absent: the official plugin's default. */
  default?: PropertyValue;
  /** A change replaces the resource; otherwise it is updated in place. */
  replaces?: boolean;
  /** Absent means that the plugin or the server chooses: what was chosen is then no difference. */
  computed?: boolean;
  secret?: boolean;
  min?: number;
  max?: number;
  values?: readonly string[];
  /** In the official schema, but not done by this plugin: using it fails, with this reason, rather than being ignored. */
  unsupported?: string;
}

export type PropertySchemas = Record<string, PropertySchema>;

export interface CheckFailure {
  property: string;
  reason: string;
}

/** Checks inputs against their schema: unknown and missing properties, wrong types, values out of range. Reports every failure. */
export function checkProperties(schemas: PropertySchemas, inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [name, value] of Object.entries(inputs)) {
    const schema = schemas[name];
    const reason = schema ? checkValue(schema, value) : `unknown property; known are ${Object.keys(schemas).sort().join(', ')}`;
    if (reason) failures.push({ property: name, reason });
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.required && (inputs[name] === undefined || inputs[name] === null)) failures.push({ property: name, reason: 'is required' });
  }
  return failures;
}

/** Adds the defaults of absent properties. */
export function withDefaults(schemas: PropertySchemas, inputs: Properties): Properties {
  const complete: Properties = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = inputs[name] ?? schema.default;
    if (value !== undefined && value !== null) complete[name] = value;
  }
  return complete;
}

export interface PropertyDifference {
  property: string;
  replaces: boolean;
}

/** Compares the stored state with new inputs, both with defaults filled in, so that a default written out is no change. */
export function diffProperties(schemas: PropertySchemas, olds: Properties, news: Properties): PropertyDifference[] {
  const before = withDefaults(schemas, olds);
  const after = withDefaults(schemas, news);
  return Object.entries(schemas)
    .filter(([name, schema]) => !(schema.computed && after[name] === undefined))
    .filter(([name]) => isUnknown(after[name]) || canonical(before[name]) !== canonical(after[name]))
    .map(([property, schema]) => ({ property, replaces: schema.replaces === true }));
}

function checkValue(schema: PropertySchema, value: PropertyValue): string | undefined {
  if (value === null || isUnknown(value)) return undefined;
  if (schema.unsupported) return schema.unsupported;
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return 'must be a string';
      return schema.values && !schema.values.includes(value) ? `must be one of ${schema.values.join(', ')}` : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'integer':
      return checkInteger(schema, value);
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'must be a list of strings';
    case 'map':
      return typeof value === 'object' && !Array.isArray(value) ? undefined : 'must be a map';
  }
}

function checkInteger({ min = -Infinity, max = Infinity }: PropertySchema, value: PropertyValue): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be a whole number';
  if (value < min) return `must be at least ${min}`;
  if (value > max) return `must be at most ${max}`;
  return undefined;
}

/** Lists are sets in the official schema (roles, privileges, objects), and an empty one is the same as none; maps have no order. */
function canonical(value: PropertyValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value.map((item) => JSON.stringify(item)).sort());
  if (typeof value === 'object') return JSON.stringify(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
  return JSON.stringify(value);
}
