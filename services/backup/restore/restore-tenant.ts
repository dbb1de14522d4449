import pg from 'pg';
import { refuseMightyRoles } from '../../shared/db/mighty-roles.ts';
import type { GoodDump } from '../manifest.ts';
import { draftOf, loadDraft, putDraftInPlace } from '../postgres/replace-database.ts';
import type { LoadDatabaseOptions } from '../postgres/replace-database.ts';
import { databaseUrl, withClient } from '../postgres/server.ts';
import type { RestoredApplication } from './restored-applications.ts';

export interface RestoreTenantOptions extends Pick<LoadDatabaseOptions, 'adminUrl' | 'createAs' | 'target' | 'binDir' | 'signal'> {
  login: NonNullable<RestoredApplication['login']>;
  dump: GoodDump;
  /** On the shared server: who looks after the tenants' databases. The state of a stack by an earlier version has grants inside to take back. */
  administrator?: string;
}

/** The locale that the tenant program asks for; another one would have the stack make the database anew. */
export const tenantLocale = `encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`;

/**
 * Brings a tenant's role and database back. Limits and grants are its stack's, which is repaired afterwards.
 *
 * @throws MightyRolesError where roles of the server have rights that they must not have: the database is not put in place then
 */
export async function restoreTenant({ login, administrator, ...options }: RestoreTenantOptions): Promise<void> {
  const { adminUrl } = options;
  await withClient(databaseUrl(adminUrl, 'postgres'), (admin) => ensureLogin(admin, login));
  await loadDraft({ ...options, name: login.database, owner: login.role, ownerPassword: login.password });
  await withClient(databaseUrl(adminUrl, 'postgres'), async (admin) => {
    await refuseMightyRoles(admin);
    if (administrator === undefined) return;
    const database = pg.escapeIdentifier(draftOf(login.database));
    await admin.query(`grant connect on database ${database} to ${pg.escapeIdentifier(administrator)}`);
  });
  await putDraftInPlace(adminUrl, login.database);
}

async function ensureLogin(admin: pg.Client, { role, password }: RestoreTenantOptions['login']): Promise<void> {
  const { rows } = await admin.query<{ superuser: boolean; disabled: boolean }>(
    'select rolsuper as superuser, rolconnlimit = 0 as disabled from pg_roles where rolname = $1',
    [role],
  );
  if (rows[0]?.superuser === true) throw new Error(`${role} is a superuser`);
  const verb = rows.length === 0 ? 'create' : 'alter';
  // Its application was deleted since, and its role could only be disabled.
  const limit = rows[0]?.disabled === true ? 'connection limit -1' : '';
  await admin.query(`${verb} role ${pg.escapeIdentifier(role)} login ${limit} password ${admin.escapeLiteral(password)}`);
}
