import { randomBytes } from 'node:crypto';
import type { PropertySchemas } from '../shared/property-schema.ts';
import type { NoConfig, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';

const inputs: PropertySchemas = {
  byteLength: { type: 'integer', required: true, min: 1, max: 65_536, replaces: true },
  keepers: { type: 'map', replaces: true },
  prefix: { type: 'string', replaces: true },
};

const outputs: PropertySchemas = {
  hex: { type: 'string' },
  dec: { type: 'string' },
  b64Std: { type: 'string' },
  b64Url: { type: 'string' },
};

/** `random.RandomId`: random bytes in four encodings, each with the prefix before it. Not secret, as in the official schema. */
export const randomId: ResourceType<NoConfig> = {
  token: 'random:index/randomId:RandomId',
  inputs,
  outputs,
  create: (_config, properties) => {
    const bytes = randomBytes(Number(properties['byteLength']));
    return Promise.resolve({ id: bytes.toString('base64url'), state: stateOf(properties, bytes) });
  },
  read: (_config, id, state) => Promise.resolve(state['hex'] === undefined ? importId(id) : state),
  delete: () => Promise.resolve(),
};

function stateOf(properties: Properties, bytes: Buffer): State {
  const prefix = text(properties['prefix']);
  return {
    ...properties,
    hex: prefix + bytes.toString('hex'),
    dec: prefix + BigInt(`0x${bytes.toString('hex')}`).toString(),
    b64Std: prefix + bytes.toString('base64'),
    b64Url: prefix + bytes.toString('base64url'),
  };
}

/** Import ids are `b64Url` or `prefix,b64Url`, as in the official plugin. */
function importId(id: string): State {
  const comma = id.lastIndexOf(',');
  const bytes = Buffer.from(id.slice(comma + 1), 'base64url');
  return stateOf({ byteLength: bytes.length, ...(comma >= 0 && { prefix: id.slice(0, comma) }) }, bytes);
}
