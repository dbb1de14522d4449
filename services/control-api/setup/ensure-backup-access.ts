import type pg from 'pg';

/**
 * Lets the backup service read everything in these databases and change nothing: `pg_read_all_data` covers tables that are made later. Also lets
 * it connect to `postgres`, where backups and restores take the lock that keeps them apart.
 */
export async function ensureReadingRole(admin: pg.Client, databases: readonly string[]): Promise<void> {
  await admin.query('grant pg_read_all_data to authsome_backup');
  await admin.query(`grant connect on database ${['postgres', ...databases].join(', ')} to authsome_backup`);
}

/**
 * The same for the tenants' databases, which are closed to all but their owners and come and go: a function opens one of them, to the backup
 * service alone. It runs as its owner, the administrator, so it takes nothing but a tenant's database's name. One who is no superuser is a member of the
 * tenant's role for that moment.
 */
export async function ensureTenantDatabasesAccess(admin: pg.Client): Promise<void> {
  await ensureReadingRole(admin, []);
  await admin.query('create schema if not exists authsome');
  await admin.query(openDatabase);
  await admin.query('revoke all on schema authsome from public');
  await admin.query('revoke all on function authsome.open_to_backup(text) from public');
  await admin.query('grant usage on schema authsome to authsome_backup');
  await admin.query('grant execute on function authsome.open_to_backup(text) to authsome_backup');
}

const openDatabase = String.raw`
create or replace function authsome.open_to_backup(name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  owner text;
  member boolean;
begin
  if name !~ '^authsome_app_[a-z0-9]+$' then
    raise exception 'not a database of an application' using errcode = 'insufficient_privilege';
  end if;
  if not has_database_privilege('authsome_backup', name, 'CONNECT') then
    select pg_get_userbyid(datdba) into owner from pg_database where datname = name;
    member := pg_has_role(current_user, owner, 'USAGE');
    if not member then execute format('grant %I to current_user', owner); end if;
    execute format('grant connect on database %I to authsome_backup', name);
    if not member then execute format('revoke %I from current_user', owner); end if;
  end if;
end $$`;
