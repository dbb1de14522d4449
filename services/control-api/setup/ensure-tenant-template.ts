import type pg from 'pg';
import type { Log } from '../../shared/log.ts';
import { asAdmin } from './with-admin.ts';

/** Every tenant's database on the shared server is a copy of this one; the tenant program knows it by this name. */
const templateDatabase = 'authsome_template';

/**
 * Catalogs that every database of a server shows, and that name the other tenants: their databases, roles, settings and connections. Who may
 * read them is written down in each database, so it is decided in the one that is copied.
 */
const sharedCatalogs = [
  ...['pg_database', 'pg_stat_database', 'pg_stat_database_conflicts', 'pg_stat_activity', 'pg_db_role_setting', 'pg_shdescription'],
  ...['pg_roles', 'pg_user', 'pg_group', 'pg_auth_members', 'pg_shdepend', 'pg_prepared_xacts'],
].join(', ');

/** What the role that manages databases and grants reads there. */
const managedCatalogs = 'pg_database, pg_roles, pg_auth_members';

/**
 * Makes the template of the tenants' databases: the other tenants can't be listed from a copy of it, and only its owner may use its schema. The
 * catalogs belong to the superuser: on a managed server, where nobody is, the tenants' names (not their data) can be listed.
 */
export async function ensureTenantTemplate(admin: pg.Client, { adminUrl, log }: { adminUrl: string; log: Log }): Promise<void> {
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [templateDatabase]);
  if (rowCount === 0) {
    // The locale that the tenant program asks for: a copy must have its template's.
    await admin.query(`create database ${templateDatabase} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  }
  await admin.query(`revoke all on database ${templateDatabase} from public`);
  const { rows } = await admin.query<{ superuser: boolean }>('select rolsuper as superuser from pg_roles where rolname = current_user');
  const catalogs = rows[0]?.superuser === true;
  if (!catalogs) log.warn("Tenants can list the names of one another's databases and roles: only a superuser can forbid it");
  await closeTemplate(adminUrl, { catalogs });
  // Copied by a role that is neither superuser nor its owner.
  await admin.query(`alter database ${templateDatabase} is_template true`);
}

/** Over a connection that is gone afterwards: a copy can't be made while somebody is connected. */
function closeTemplate(adminUrl: string, { catalogs }: { catalogs: boolean }): Promise<void> {
  const url = new URL(adminUrl);
  url.pathname = `/${templateDatabase}`;
  return asAdmin(url.href, async (client) => {
    await client.query('begin');
    if (catalogs) {
      await client.query(`revoke select on ${sharedCatalogs} from public`);
      await client.query(`grant select on ${managedCatalogs} to authsome_tenants`);
    }
    await client.query('revoke all on schema public from public');
    await client.query('commit');
  });
}
