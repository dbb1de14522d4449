import pg from 'pg';

/**
 * Makes the connected administrator a member of a role: who is no superuser may give to, alter and drop only what is a role's whose member it is.
 * Nothing to do for a superuser, or a role that is not there.
 */
export async function becomeMember(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ member: boolean }>(
    `select pg_has_role(current_user, oid, 'USAGE') as member from pg_roles where rolname = $1::name`,
    [role],
  );
  if (rows[0]?.member === false) await client.query(`grant ${pg.escapeIdentifier(role)} to current_user`);
}
