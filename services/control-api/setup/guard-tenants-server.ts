import type pg from 'pg';
import { describeMightyRoles, findMightyRoles } from '../../shared/db/mighty-roles.ts';
import type { Log } from '../../shared/log.ts';

/** Whoever is a member of one of them reads or writes the server's files, or runs programs there: as good as a superuser. */
const serverRoles = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'];

/** From here on CREATEROLE gives only what it has been given with the right to pass it on. */
const boundedCreateRole = 160_000;

/**
 * Keeps what a tenant has in its database from becoming more than the tenant. The roles that look after the databases see PostgreSQL's own functions
 * first in each of them, whatever its owner sets and whatever program connects (the official plugin for one sets nothing itself); and the role that makes roles can't pass the server's files and
 * programs on.
 */
export async function guardTenantsServer(admin: pg.Client, log: Log): Promise<void> {
  const { rows } = await admin.query<{ superuser: boolean; version: number; shared: boolean }>(
    `select rolsuper as superuser, current_setting('server_version_num')::int as version,
            exists (select from pg_roles where rolname = 'authsome_control') as shared
       from pg_roles where rolname = current_user`,
  );
  const { superuser = false, version = 0, shared = false } = rows[0] ?? {};
  await admin.query('alter role authsome_tenants set search_path = pg_catalog, pg_temp');
  // Also for one who connects by hand, with psql in the server's pod. Who administers other databases as well keeps what they need.
  if (superuser && !shared) await admin.query('alter role current_user set search_path = pg_catalog, pg_temp');

  const mighty = await findMightyRoles(admin);
  if (mighty.length > 0) log.error({ roles: mighty }, `Roles have rights that they must not have: ${describeMightyRoles(mighty)}`);
  if (version < boundedCreateRole) {
    if (superuser) await reserveServerRoles(admin, log);
    else
      log.warn(
        'Before PostgreSQL 16 a role that makes roles can pass on the right to run programs on the server, unless its provider forbids it',
      );
  }
}

/**
 * CREATEROLE gives membership in every role that is no superuser. So these are made superusers, which nobody can log in as: only a superuser can
 * give a membership in them then. PostgreSQL has no statement for it, as it alters no role of its own; it reads the attribute from the catalog. One
 * with a member stays as it is, since the member could become it.
 */
async function reserveServerRoles(admin: pg.Client, log: Log): Promise<void> {
  const { rows } = await admin.query<{ open: string }>(
    `update pg_catalog.pg_authid set rolsuper = true
      where rolname = any($1::name[]) and not rolsuper and not exists (select from pg_auth_members m where m.roleid = pg_authid.oid)
     returning rolname::text as open`,
    [serverRoles],
  );
  if (rows.length > 0) log.info({ roles: rows.map(({ open }) => open) }, 'Only a superuser can give membership in these roles now');
}
