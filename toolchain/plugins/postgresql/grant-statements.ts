import pg from 'pg';
import { inTransaction } from './role-statements.ts';
import { roleExists, withMembership } from './with-membership.ts';

/** What PostgreSQL knows of privileges on each kind of object that this plugin can grant on. */
export const privilegesByObjectType = {
  database: ['CREATE', 'CONNECT', 'TEMPORARY'],
  schema: ['CREATE', 'USAGE'],
  table: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
  sequence: ['USAGE', 'SELECT', 'UPDATE'],
  function: ['EXECUTE'],
  procedure: ['EXECUTE'],
  routine: ['EXECUTE'],
} as const satisfies Record<string, readonly string[]> as Record<ObjectType, readonly string[]>;

export type ObjectType = 'database' | 'schema' | 'table' | 'sequence' | 'function' | 'procedure' | 'routine';

export interface Grant {
  database: string;
  role: string;
  objectType: ObjectType;
  schema: string;
  objects: string[];
  privileges: string[];
  withGrantOption: boolean;
}

/** Makes a grant what it should be: revokes everything, then grants the list, in one transaction, so that nobody sees the gap. */
export async function replaceGrant(client: pg.Client, grant: Grant): Promise<void> {
  const grantee = granteeName(grant.role);
  if (grantee !== 'public' && !(await roleExists(client, grant.role))) {
    // A role that is gone has no privileges any more.
    if (grant.privileges.length === 0) return;
    throw new Error(`role ${grant.role} does not exist`);
  }
  const target = targetClause(grant);
  const owners = await objectOwners(client, grant);
  // A schema that its owner has dropped, for one: nothing is granted on what is not there.
  if (grant.privileges.length === 0 && owners.length === 0) return;
  await withOwners(client, owners, () =>
    inTransaction(client, async () => {
      await client.query(`revoke all privileges on ${target} from ${grantee}`);
      if (grant.privileges.length === 0) return;
      const option = grant.withGrantOption ? ' with grant option' : '';
      await client.query(`grant ${grant.privileges.join(', ')} on ${target} to ${grantee}${option}`);
    }),
  );
}

/**
 * The privileges that hold, or undefined when the role is gone. For whole schemas of tables and the like, those that every object
 * has; where there is no object yet, what is stored stays as it is.
 */
export async function readGrant(client: pg.Client, grant: Grant): Promise<string[] | undefined> {
  if (granteeName(grant.role) !== 'public' && !(await roleExists(client, grant.role))) return undefined;
  const found = await client.query<{ held: string[] }>(
    `select coalesce(array(select distinct privilege_type from pg_catalog.aclexplode(objects.acl) where grantee = coalesce($1::text::regrole::oid, 0)), '{}') as held
       from (${objectsQuery(grant)}) as objects`,
    [granteeName(grant.role) === 'public' ? null : granteeName(grant.role), ...objectsParameters(grant)],
  );
  const all = found.rows.map(({ held }) => held);
  if (all.length === 0) return grant.privileges;
  const common = (all[0] ?? []).filter((privilege) => all.every((held) => held.includes(privilege)));
  const wantsAll = grant.privileges.includes('ALL') && privilegesByObjectType[grant.objectType].every((name) => common.includes(name));
  return wantsAll ? grant.privileges : common;
}

function granteeName(role: string): string {
  return role.toLowerCase() === 'public' ? 'public' : pg.escapeIdentifier(role);
}

function targetClause({ objectType, database, schema, objects }: Grant): string {
  if (objectType === 'database') return `database ${pg.escapeIdentifier(database)}`;
  if (objectType === 'schema') return `schema ${pg.escapeIdentifier(schema)}`;
  if (objects.length === 0) return `all ${objectType}s in schema ${pg.escapeIdentifier(schema)}`;
  return `${objectType} ${objects.map((object) => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(object)}`).join(', ')}`;
}

/** One row an object with its owner and access list; `$1` is kept for the grantee. A missing list means the built-in default. */
function objectsQuery({ objectType, objects }: Grant): string {
  const named = (column: string): string => (objects.length > 0 ? `and ${column} = any($3::name[])` : '');
  switch (objectType) {
    case 'database':
      return `select datdba as owner, coalesce(datacl, pg_catalog.acldefault('d'::"char", datdba)) as acl from pg_catalog.pg_database where datname = $2::name`;
    case 'schema':
      return `select nspowner as owner, coalesce(nspacl, pg_catalog.acldefault('n'::"char", nspowner)) as acl from pg_catalog.pg_namespace where nspname = $2::name`;
    case 'table':
    case 'sequence': {
      const [kinds, letter] = objectType === 'table' ? [`'r','v','m','f','p'`, 'r'] : [`'S'`, 's'];
      return `select relowner as owner, coalesce(relacl, pg_catalog.acldefault('${letter}'::"char", relowner)) as acl from pg_catalog.pg_class
               where relkind in (${kinds}) and relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $2::name) ${named('relname')}`;
    }
    case 'function':
    case 'procedure':
    case 'routine': {
      const kinds = { function: `'f','a','w'`, procedure: `'p'`, routine: `'f','a','w','p'` }[objectType];
      return `select proowner as owner, coalesce(proacl, pg_catalog.acldefault('f'::"char", proowner)) as acl from pg_catalog.pg_proc
               where prokind in (${kinds}) and pronamespace = (select oid from pg_catalog.pg_namespace where nspname = $2::name) ${named('proname')}`;
    }
  }
}

function objectsParameters({ objectType, database, schema, objects }: Grant): unknown[] {
  if (objectType === 'database') return [database];
  return objects.length > 0 && objectType !== 'schema' ? [schema, objects] : [schema];
}

async function objectOwners(client: pg.Client, grant: Grant): Promise<string[]> {
  const found = await client.query<{ owner: string }>(
    `select distinct pg_catalog.pg_get_userbyid(objects.owner) as owner from (${objectsQuery(grant)}) as objects where $1::text is null`,
    [null, ...objectsParameters(grant)],
  );
  return Promise.all(found.rows.map(({ owner }) => memberableOwner(client, owner)));
}

/** Nobody can be made a member of the role that stands for a database's owner; a member of that owner is one of it by itself. */
async function memberableOwner(client: pg.Client, owner: string): Promise<string> {
  if (owner !== 'pg_database_owner') return owner;
  const found = await client.query<{ owner: string }>(
    'select pg_catalog.pg_get_userbyid(datdba) as owner from pg_catalog.pg_database where datname = pg_catalog.current_database()',
  );
  return found.rows[0]?.owner ?? owner;
}

async function withOwners<T>(client: pg.Client, owners: string[], use: () => Promise<T>): Promise<T> {
  const [owner, ...others] = owners;
  return owner === undefined ? use() : withMembership(client, owner, () => withOwners(client, others, use));
}
