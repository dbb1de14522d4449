import structPb from 'google-protobuf/google/protobuf/struct_pb.js';

/** A property value as a plugin sees it: secrets unwrapped, unknowns left as the `unknown` marker. */
export type PropertyValue = string | number | boolean | null | PropertyValue[] | { [key: string]: PropertyValue };
export type Properties = Record<string, PropertyValue>;

/** Signatures fixed by the Pulumi wire protocol (sdk/go/common/resource/properties.go). */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const unknownMarker = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Stands for a value that is known only after another resource has been created; occurs in previews alone. */
export const unknown = unknownMarker;

/** Whether a value is, or contains, one that is not known yet. */
export function isUnknown(value: PropertyValue | undefined): boolean {
  if (value === unknownMarker) return true;
  if (Array.isArray(value)) return value.some(isUnknown);
  return typeof value === 'object' && value !== null && Object.values(value).some(isUnknown);
}

export interface DecodedProperties {
  properties: Properties;
  /** Top-level names whose value was, or contained, a secret. */
  secrets: Set<string>;
}

/** Decodes a wire struct, remembering which properties were secret. Keys of the protocol itself (`__defaults`, `__meta`) are left out. */
export function decodeProperties(struct: structPb.Struct | undefined): DecodedProperties {
  const properties: Properties = {};
  const secrets = new Set<string>();
  for (const [name, wire] of Object.entries(struct?.toJavaScript() ?? {})) {
    if (name.startsWith('__')) continue;
    properties[name] = unwrap(wire, () => secrets.add(name));
  }
  return { properties, secrets };
}

/** Encodes properties for the wire, wrapping the named ones as secrets. `undefined` values are left out. */
export function encodeProperties(properties: Record<string, PropertyValue | undefined>, secrets: Iterable<string> = []): structPb.Struct {
  const secretNames = new Set(secrets);
  const wire: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    wire[name] = secretNames.has(name) && value !== null ? { [signatureKey]: secretSignature, value } : value;
  }
  return structPb.Struct.fromJavaScript(wire);
}

/** A property's text, or the alternative where it is absent or no string. */
export function text(value: PropertyValue | undefined, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** A property's list of strings; empty where it is absent. */
export function texts(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function unwrap(value: PropertyValue, onSecret: () => void): PropertyValue {
  if (Array.isArray(value)) return value.map((item) => unwrap(item, onSecret));
  if (typeof value !== 'object' || value === null) return value;
  if (value[signatureKey] === secretSignature) {
    onSecret();
    return unwrap(value['value'] ?? null, onSecret);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item, onSecret)]));
}
