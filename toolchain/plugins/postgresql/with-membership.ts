import pg from 'pg';

/**
 * Runs `use` while the connected administrator is a member of `role`, which one that is no superuser needs to own, alter or drop what
 * the role owns. The membership is taken back afterwards, unless it was there before. A lock keeps parallel operations on the
 * same role from taking it from one another.
 */
export async function withMembership<T>(client: pg.Client, role: string, use: () => Promise<T>): Promise<T> {
  if (await hasRole(client, role)) return use();
  // A predefined role owns nothing of a tenant's; a membership in one, however short, could be what an attacker is after.
  if (role.startsWith('pg_')) throw new Error(`the administrator does not make itself a member of ${role}`);
  const lock = [membershipLockClass, role];
  await client.query('select pg_catalog.pg_advisory_lock($1::int, pg_catalog.hashtext($2::text))', lock);
  try {
    if (await hasRole(client, role)) return await use();
    const name = pg.escapeIdentifier(role);
    await client.query(`grant ${name} to current_user`);
    try {
      return await use();
    } finally {
      // A role that `use` dropped has taken its memberships with it.
      if (await roleExists(client, role)) await client.query(`revoke ${name} from current_user`);
    }
  } finally {
    await client.query('select pg_catalog.pg_advisory_unlock($1::int, pg_catalog.hashtext($2::text))', lock);
  }
}

/** Any number that nothing else on the server uses as the first key of an advisory lock; "auth" in ASCII. */
const membershipLockClass = 0x61757468;

/** Whether a role of this name exists. */
export async function roleExists(client: pg.Client, role: string): Promise<boolean> {
  const found = await client.query('select 1 from pg_catalog.pg_roles where rolname = $1::name', [role]);
  return found.rowCount === 1;
}

/** True for superusers as well: they need no membership. USAGE, as mere membership may lack the role's privileges. */
async function hasRole(client: pg.Client, role: string): Promise<boolean> {
  const found = await client.query<{ member: boolean }>(
    `select pg_catalog.pg_has_role(current_user, oid, 'USAGE'::text) as member from pg_catalog.pg_roles where rolname = $1::name`,
    [role],
  );
  return found.rows[0]?.member ?? true;
}
