import { randomBytes as generateBytes } from 'node:crypto';
import type { PropertySchemas } from '../shared/property-schema.ts';
import type { NoConfig, ResourceType, State } from '../shared/resource-provider.ts';
import type { Properties } from '../shared/wire-values.ts';

const inputs: PropertySchemas = {
  length: { type: 'integer', required: true, min: 1, max: 65_536, replaces: true },
  keepers: { type: 'map', replaces: true },
};

const outputs: PropertySchemas = {
  base64: { type: 'string', secret: true },
  hex: { type: 'string', secret: true },
};

/** `random.RandomBytes`: secret random bytes, as text in two encodings. `length` counts bytes. */
export const randomBytes: ResourceType<NoConfig> = {
  token: 'random:index/randomBytes:RandomBytes',
  inputs,
  outputs,
  create: (_config, properties) => Promise.resolve({ id: 'none', state: stateOf(properties, generateBytes(Number(properties['length']))) }),
  // There is no object outside the state; an import gives the bytes in base64 as the id.
  read: (_config, id, state) => {
    const bytes = Buffer.from(id, 'base64');
    return Promise.resolve(state['hex'] === undefined ? stateOf({ length: bytes.length }, bytes) : state);
  },
  delete: () => Promise.resolve(),
};

function stateOf(properties: Properties, bytes: Buffer): State {
  return { ...properties, base64: bytes.toString('base64'), hex: bytes.toString('hex') };
}
