import type { PropertySchemas } from '../shared/property-schema.ts';
import type { OperationContext, ResourceType } from '../shared/resource-provider.ts';
import type { Properties } from '../shared/wire-values.ts';
import { isUnknown, text, texts } from '../shared/wire-values.ts';
import { privilegesByObjectType, readGrant, replaceGrant } from './grant-statements.ts';
import type { Grant } from './grant-statements.ts';
import type { ServerConfig } from './server-config.ts';
import { withConnection } from './with-connection.ts';
import type { ConnectionRequest } from './with-connection.ts';

const inputs: PropertySchemas = {
  database: { type: 'string', required: true, replaces: true },
  role: { type: 'string', required: true, replaces: true },
  objectType: { type: 'string', required: true, replaces: true, values: Object.keys(privilegesByObjectType) },
  schema: { type: 'string', replaces: true },
  objects: { type: 'strings', replaces: true },
  privileges: { type: 'strings', required: true },
  withGrantOption: { type: 'boolean', default: false, replaces: true },
  columns: { type: 'strings', replaces: true, unsupported: 'is not supported by the air-gapped plugin; the official plugin has it' },
};

/**
 * `postgresql.Grant`: what a role (`public` for all roles) may do with objects. As in the official plugin the list is the whole truth:
 * what is not in it is revoked, an empty list revokes everything, and so does deletion.
 */
export const grant: ResourceType<ServerConfig> = {
  token: 'postgresql:index/grant:Grant',
  inputs,
  outputs: {},
  identity: ['database', 'role', 'objectType', 'schema', 'objects'],
  checkRules,
  create: async (config, properties, context) => {
    const wanted = parseGrant(properties);
    await withConnection(connectionTo(config, wanted, context), (client) => replaceGrant(client, wanted));
    return { id: grantId(wanted), state: properties };
  },
  read: async (config, _id, state, context) => {
    const stored = parseGrant(state);
    if (!(await withConnection({ config, context }, databaseExists(stored.database)))) return undefined;
    const privileges = await withConnection(connectionTo(config, stored, context), (client) => readGrant(client, stored));
    return privileges && { ...state, privileges };
  },
  update: async (config, _id, _olds, news, context) => {
    const wanted = parseGrant(news);
    await withConnection(connectionTo(config, wanted, context), (client) => replaceGrant(client, wanted));
    return news;
  },
  delete: async (config, _id, state, context) => {
    const stored = parseGrant(state);
    if (!(await withConnection({ config, context }, databaseExists(stored.database)))) return;
    await withConnection(connectionTo(config, stored, context), (client) => replaceGrant(client, { ...stored, privileges: [] }));
  },
};

/** The official plugin's id, so that states are interchangeable. */
export function grantId({ role, database, objectType, schema, objects }: Grant): string {
  return [role, database, ...(objectType === 'database' ? [] : [schema]), objectType, ...objects].join('_');
}

function parseGrant(properties: Properties): Grant {
  return {
    database: text(properties['database']),
    role: text(properties['role']),
    objectType: properties['objectType'] as Grant['objectType'],
    schema: text(properties['schema']),
    objects: texts(properties['objects']),
    privileges: texts(properties['privileges']).map((privilege) => privilege.toUpperCase()),
    withGrantOption: properties['withGrantOption'] === true,
  };
}

/** Privileges on a database can be given from any; those on what is in it only from inside. */
function connectionTo(config: ServerConfig, { objectType, database }: Grant, context: OperationContext): ConnectionRequest {
  return { config, context, ...(objectType !== 'database' && { database }) };
}

function databaseExists(name: string): Parameters<typeof withConnection<boolean>>[1] {
  return async (client) => (await client.query('select 1 from pg_database where datname = $1', [name])).rowCount === 1;
}

function checkRules(properties: Properties): { property: string; reason: string }[] {
  if (isUnknown(properties['objectType'])) return [];
  const { objectType, privileges, objects, schema } = parseGrant(properties);
  const allowed = privilegesByObjectType[objectType];
  const failures = isUnknown(properties['privileges'])
    ? []
    : privileges
        .filter((privilege) => privilege !== 'ALL' && !allowed.includes(privilege))
        .map((privilege) => ({ property: 'privileges', reason: `has ${privilege}; a ${objectType} has ${allowed.join(', ')}` }));
  if (objectType !== 'database' && schema === '') failures.push({ property: 'schema', reason: `is required for a ${objectType}` });
  if (['database', 'schema'].includes(objectType) && objects.length > 0)
    failures.push({ property: 'objects', reason: `must be left out for a ${objectType}` });
  return failures;
}
