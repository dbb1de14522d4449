import type pg from 'pg';

/** A role that has more than the platform gives it. */
export interface MightyRole {
  role: string;
  /** As a predicate: "is a superuser". */
  power: string;
}

/**
 * Looks on a server of tenants' databases for roles that have what they must not: a tenant's role has no attribute but its login and is a member
 * of nothing; the platform's own have what the set-up gives; and whoever is no superuser is no member of what reaches the server's files and
 * programs. A membership in a tenant's role that this role has given away itself is its own affair (before PostgreSQL 15 it may).
 *
 * @param server connected to a database that no tenant owns, with pg_catalog first
 */
export async function findMightyRoles(server: Pick<pg.ClientBase | pg.Pool, 'query'>): Promise<MightyRole[]> {
  const { rows } = await server.query<MightyRole>(mightyRoles);
  return rows;
}

/** Thrown where roles have what they must not have; names each. */
export class MightyRolesError extends Error {
  override readonly name = 'MightyRolesError';
}

/** @throws MightyRolesError */
export async function refuseMightyRoles(server: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const found = await findMightyRoles(server);
  if (found.length === 0) return;
  throw new MightyRolesError(`Roles of the server have rights that they must not have: ${describeMightyRoles(found)}`);
}

export function describeMightyRoles(found: readonly MightyRole[]): string {
  return found.map(({ role, power }) => `${role} ${power}`).join(', ');
}

const tenant = (column: string): string => String.raw`${column} ~ '^app_[a-z0-9]+_user$'`;

const mightyRoles = `
with named as (
  select oid, rolname::text as name, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
         ${tenant('rolname::text')} as tenant, rolname in ('authsome_tenants', 'authsome_backup') as own
    from pg_catalog.pg_roles),
attributes as (
  select name, attribute from named,
         lateral (values ('is a superuser', rolsuper), ('may replicate', rolreplication), ('passes row security', rolbypassrls),
                         ('may make roles', rolcreaterole and name <> 'authsome_tenants'),
                         ('may make databases', rolcreatedb and name <> 'authsome_tenants')) as a (attribute, has)
   where has and (tenant or own)),
memberships as (
  select m.name, 'is a member of ' || g.name as membership
    from pg_catalog.pg_auth_members a join named m on m.oid = a.member join named g on g.oid = a.roleid
   where (m.tenant and not (g.tenant and a.grantor = a.roleid))
      or (m.own and not g.tenant and not (m.name = 'authsome_backup' and g.name = 'pg_read_all_data'))
      or (g.name in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
          and not m.rolsuper and m.name !~ '^pg_'))
select name as role, attribute as power from attributes
 union select name, membership from memberships
 order by 1, 2`;
