import type { PropertySchemas } from '../shared/property-schema.ts';
import type { ResourceType } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import { createRole, deleteRole, readRole, updateRole } from './role-statements.ts';
import type { ServerConfig } from './server-config.ts';
import { withConnection } from './with-connection.ts';

const notHere = 'is not supported by the air-gapped plugin; the official plugin has it';

const inputs: PropertySchemas = {
  name: { type: 'string', required: true, replaces: true },
  login: { type: 'boolean', default: false },
  password: { type: 'string', secret: true },
  superuser: { type: 'boolean', default: false },
  createDatabase: { type: 'boolean', default: false },
  createRole: { type: 'boolean', default: false },
  inherit: { type: 'boolean', default: true },
  replication: { type: 'boolean', default: false },
  bypassRowLevelSecurity: { type: 'boolean', default: false },
  connectionLimit: { type: 'integer', min: -1, default: -1 },
  validUntil: { type: 'string', default: 'infinity' },
  roles: { type: 'strings' },
  searchPaths: { type: 'strings' },
  statementTimeout: { type: 'integer', min: 0, default: 0 },
  idleInTransactionSessionTimeout: { type: 'integer', min: 0, default: 0 },
  skipDropRole: { type: 'boolean', default: false },
  skipReassignOwned: { type: 'boolean', default: false },
  encryptedPassword: { type: 'boolean', default: true },
  encrypted: { type: 'string', unsupported: 'is deprecated; use encryptedPassword' },
  assumeRole: { type: 'string', unsupported: notHere },
  passwordWo: { type: 'string', secret: true, unsupported: notHere },
  passwordWoVersion: { type: 'string', unsupported: notHere },
};

/** `postgresql.Role`. A role of that name which a crashed create left behind is adopted; see `createRole`. */
export const role: ResourceType<ServerConfig> = {
  token: 'postgresql:index/role:Role',
  inputs,
  outputs: {},
  identity: ['name'],
  checkRules: (properties) => [
    ...nameRules('name', properties['name']),
    ...(properties['encryptedPassword'] === false
      ? [{ property: 'encryptedPassword', reason: 'must be true: PostgreSQL stores no plain passwords since version 10' }]
      : []),
  ],
  create: async (config, properties, context) => {
    await withConnection({ config, context }, (client) => createRole(client, properties));
    return { id: text(properties['name']), state: properties };
  },
  read: async (config, id, state, context) => {
    const found = await withConnection({ config, context }, (client) => readRole(client, id));
    return found && { ...state, ...found };
  },
  update: async (config, id, olds, news, context) => {
    await withConnection({ config, context }, (client) => updateRole(client, id, olds, news));
    return news;
  },
  delete: (config, id, state, context) => withConnection({ config, context }, (client) => deleteRole(client, id, state)),
};

/** PostgreSQL cuts longer names off silently, and two of them could then be one. */
const maxNameBytes = 63;

/** Rules for a name that becomes an SQL identifier. */
export function nameRules(property: string, value: unknown): { property: string; reason: string }[] {
  if (typeof value !== 'string') return [];
  if (value === '' || value.includes('\0')) return [{ property, reason: 'must not be empty or hold a NUL' }];
  return Buffer.byteLength(value) > maxNameBytes ? [{ property, reason: `must be at most ${maxNameBytes} bytes` }] : [];
}
