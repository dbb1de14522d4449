import type { PropertySchema, PropertySchemas } from '../shared/property-schema.ts';
import type { Properties, PropertyValue } from '../shared/wire-values.ts';

/** Turns properties (`requestsPerPeriod`) into the body of a request (`requests_per_period`). What a table does not name is left out. */
export function toApi(schemas: PropertySchemas, properties: Properties): Properties {
  const entries = Object.entries(schemas).flatMap(([name, schema]) => {
    const value = properties[name];
    return value === undefined || value === null ? [] : [[apiName(name), convert(schema, value, toApi)] as const];
  });
  return Object.fromEntries(entries);
}

/** Turns what the API answered into properties. What no table names is of no interest, and null the same as absent. */
export function fromApi(schemas: PropertySchemas, answer: object): Properties {
  const fields = answer as Properties;
  const entries = Object.entries(schemas).flatMap(([name, schema]) => {
    const value = fields[apiName(name)];
    return value === undefined || value === null ? [] : [[name, convert(schema, value, fromApi)] as const];
  });
  return Object.fromEntries(entries);
}

function convert({ properties }: PropertySchema, value: PropertyValue, rename: typeof toApi): PropertyValue {
  if (!properties || typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return rename(properties, value);
  return value.map((item) => (typeof item === 'object' && item !== null && !Array.isArray(item) ? rename(properties, item) : item));
}

function apiName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
