import type { PropertySchemas } from '../shared/property-schema.ts';
import type { ResourceType } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import { createDatabase, deleteDatabase, readDatabase, updateDatabase } from './database-statements.ts';
import { nameRules } from './role.ts';
import type { ServerConfig } from './server-config.ts';
import { withConnection } from './with-connection.ts';

const inputs: PropertySchemas = {
  name: { type: 'string', required: true, replaces: true },
  owner: { type: 'string', computed: true },
  encoding: { type: 'string', default: 'UTF8', replaces: true },
  lcCollate: { type: 'string', default: 'C', replaces: true },
  lcCtype: { type: 'string', default: 'C', replaces: true },
  template: { type: 'string', default: 'template0', replaces: true },
  tablespaceName: { type: 'string', computed: true },
  connectionLimit: { type: 'integer', min: -1, default: -1 },
  allowConnections: { type: 'boolean', default: true },
  isTemplate: { type: 'boolean', computed: true },
  alterObjectOwnership: {
    type: 'boolean',
    default: false,
    unsupported: 'is not supported by the air-gapped plugin; the official plugin has it',
  },
};

/** `postgresql.Database`. One that a crashed create left behind is adopted; see `createDatabase`. */
export const database: ResourceType<ServerConfig> = {
  token: 'postgresql:index/database:Database',
  inputs,
  outputs: {},
  identity: ['name'],
  checkRules: (properties) => [...nameRules('name', properties['name']), ...nameRules('owner', properties['owner'])],
  create: (config, properties, context) =>
    withConnection({ config, context }, async (client) => {
      await createDatabase(client, properties);
      const name = text(properties['name']);
      return { id: name, state: { ...properties, ...(await readDatabase(client, name)) } };
    }),
  read: async (config, id, state, context) => {
    const found = await withConnection({ config, context }, (client) => readDatabase(client, id));
    return found && { template: 'template0', ...state, ...found };
  },
  update: (config, id, olds, news, context) =>
    withConnection({ config, context }, async (client) => {
      await updateDatabase(client, id, news);
      return { ...olds, ...news, ...(await readDatabase(client, id)) };
    }),
  delete: (config, id, _state, context) => withConnection({ config, context }, (client) => deleteDatabase(client, id)),
};
