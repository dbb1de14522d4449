import { checkProperties } from './property-schema.ts';
import type { CheckFailure, PropertySchemas } from './property-schema.ts';
import type { Properties, PropertyValue } from './wire-values.ts';

/** Set by the engine itself in every provider's inputs; not a matter of the plugin. */
const engineProperties = new Set(['version', 'pluginDownloadURL']);

/** Checks a plugin's configuration; see `decodeConfig` for the encoding. */
export function checkConfig(schemas: PropertySchemas, wire: Properties): CheckFailure[] {
  return checkProperties(schemas, decodeConfig(schemas, wire));
}

/**
 * Decodes a plugin's configuration: SDKs send every property that is not a string as JSON text (`port: "5432"`), and the
 * engine adds properties of its own.
 */
export function decodeConfig(schemas: PropertySchemas, wire: Properties): Properties {
  const entries = Object.entries(wire)
    .filter(([name]) => !engineProperties.has(name))
    .map(([name, value]) => [name, schemas[name]?.type === 'string' ? value : parseJson(value)] as const);
  return Object.fromEntries(entries);
}

function parseJson(value: PropertyValue): PropertyValue {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as PropertyValue;
  } catch {
    return value;
  }
}
