import pg from 'pg';

/**
 * Makes a role harmless that can't be dropped, as the owner of another database has named it in a grant or a policy there: administrators run
 * nothing in tenants' databases, so the mention stays until its database is gone, and so does the role. It has no login, no password and no
 * connection then, is a member of nothing, and nobody is a member of it.
 *
 * @param cause why it can't be dropped
 * @throws Error the cause, where the role owns a database; or what it is still a member of
 */
export async function disableRole(client: pg.ClientBase, name: string, cause: unknown): Promise<void> {
  const owned = await client.query('select 1 from pg_database where pg_get_userbyid(datdba) = $1', [name]);
  if (owned.rowCount !== 0) throw cause;
  await client.query(`alter role ${pg.escapeIdentifier(name)} with nologin password null connection limit 0`);
  for (const { group, member } of await memberships(client, name))
    await client.query(`revoke ${pg.escapeIdentifier(group)} from ${pg.escapeIdentifier(member)}`);
  // Where somebody else has given it, a revocation does nothing, and only warns.
  const left = (await memberships(client, name)).filter(({ member }) => member === name);
  if (left.length > 0) throw new Error(`it is still a member of ${left.map(({ group }) => group).join(', ')}`, { cause });
}

/** Whether a drop failed as other databases mention the role: PostgreSQL's dependent_objects_still_exist. */
export function isStillMentioned(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === '2BP01';
}

/** Of a row of pg_roles: it was disabled. No role of an application is so otherwise. The plugin of PostgreSQL has the same. */
export const isDisabledRole = `(not rolcanlogin and rolconnlimit = 0 and not exists (select 1 from pg_database where datdba = pg_roles.oid))`;

async function memberships(client: pg.ClientBase, name: string): Promise<{ group: string; member: string }[]> {
  const { rows } = await client.query<{ group: string; member: string }>(
    `select distinct g.rolname::text as "group", m.rolname::text as member
       from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member
      where g.rolname = $1 or m.rolname = $1`,
    [name],
  );
  return rows;
}
