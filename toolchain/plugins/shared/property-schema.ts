import { isUnknown, unknown } from './wire-values.ts';
import type { Properties, PropertyValue } from './wire-values.ts';

/** One input property of a resource type, as the official schema has it. */
export interface PropertySchema {
  type: 'string' | 'integer' | 'number' | 'boolean' | 'strings' | 'map' | 'object' | 'objects' | 'any';
  /** Of an `object`, and of each of `objects`, whose order counts. */
  properties?: PropertySchemas;
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

/** Checks inputs against their schema: unknown and missing properties, wrong types, values out of range. Reports every failure, nested ones by path. */
export function checkProperties(schemas: PropertySchemas, inputs: Properties, path = ''): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [name, value] of Object.entries(inputs)) {
    const schema = schemas[name];
    if (schema) failures.push(...checkValue(schema, value, path + name));
    else failures.push({ property: path + name, reason: `unknown property; known are ${Object.keys(schemas).sort().join(', ')}` });
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.required && (inputs[name] === undefined || inputs[name] === null))
      failures.push({ property: path + name, reason: 'is required' });
  }
  return failures;
}

/** Adds the defaults of absent properties, nested ones too. */
export function withDefaults(schemas: PropertySchemas, inputs: Properties): Properties {
  const complete: Properties = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = inputs[name] ?? schema.default;
    if (value !== undefined && value !== null) complete[name] = nestedDefaults(schema, value);
  }
  return complete;
}

function nestedDefaults({ properties }: PropertySchema, value: PropertyValue): PropertyValue {
  if (!properties) return value;
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? withDefaults(properties, item) : item));
  return isObject(value) ? withDefaults(properties, value) : value;
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
    .filter(([name, schema]) => differs(schema, before[name], after[name]))
    .map(([property, schema]) => ({ property, replaces: schema.replaces === true }));
}

/** What of an object is computed, such as the id of a rule, is passed over on every level. */
function differs({ properties }: PropertySchema, before: PropertyValue | undefined, after: PropertyValue | undefined): boolean {
  if (properties && isObject(before) && isObject(after)) return diffProperties(properties, before, after).length > 0;
  if (properties && Array.isArray(before) && Array.isArray(after))
    return before.length !== after.length || after.some((item, index) => differs({ type: 'object', properties }, before[index], item));
  return isUnknown(after) || canonical(before) !== canonical(after);
}

function checkValue(schema: PropertySchema, value: PropertyValue, path: string): CheckFailure[] {
  if (value === null || value === unknown) return [];
  const { type, properties } = schema;
  const failure = (reason: string): CheckFailure[] => [{ property: path, reason }];
  if (schema.unsupported) return failure(schema.unsupported);
  if (type === 'object') return isObject(value) ? checkProperties(properties ?? {}, value, `${path}.`) : failure('must be an object');
  if (type === 'objects') {
    if (!Array.isArray(value)) return failure('must be a list of objects');
    return value.flatMap((item, index) => checkValue({ type: 'object', properties }, item, `${path}[${index}]`));
  }
  const reason = isUnknown(value) ? undefined : checkScalar(schema, value);
  return reason === undefined ? [] : failure(reason);
}

function checkScalar(schema: PropertySchema, value: PropertyValue): string | undefined {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return 'must be a string';
      return schema.values && !schema.values.includes(value) ? `must be one of ${schema.values.join(', ')}` : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'integer':
    case 'number':
      return checkNumber(schema, value);
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'must be a list of strings';
    case 'map':
      return isObject(value) ? undefined : 'must be a map';
    case 'object':
    case 'objects':
    case 'any':
      return undefined;
  }
}

function checkNumber({ type, min = -Infinity, max = Infinity }: PropertySchema, value: PropertyValue): string | undefined {
  if (typeof value !== 'number') return type === 'integer' ? 'must be a whole number' : 'must be a number';
  if (type === 'integer' && !Number.isInteger(value)) return 'must be a whole number';
  if (value < min) return `must be at least ${min}`;
  if (value > max) return `must be at most ${max}`;
  return undefined;
}

function isObject(value: PropertyValue | undefined): value is Record<string, PropertyValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists of strings are sets in the official schemas (roles, privileges, host names); what is empty is the same as none; maps have no order. */
function canonical(value: PropertyValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value.map((item) => canonical(item)).sort());
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => [key, canonical(item)] as const);
  return entries.length === 0 ? '' : JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
