import type pg from 'pg';

/**
 * The platform's login roles and what they may do on the server as a whole; on the control database see grant-on-control-database.ts.
 *
 * authsome_tenants makes each tenant's role and database. Before PostgreSQL 16, CREATEROLE reaches every role but superusers, so there its
 * password is worth as much as the control role's; from 16 on it reaches only the roles that it made.
 */
const attributes = {
  authsome_control: 'nocreatedb nocreaterole',
  authsome_state: 'nocreatedb nocreaterole',
  authsome_provisioner: 'nocreatedb nocreaterole',
  authsome_proxy: 'nocreatedb nocreaterole',
  authsome_tenants: 'createdb createrole',
} as const;

export type RoleName = keyof typeof attributes;

/** Makes the roles that are missing, and sets the attributes and the password of each. */
export async function ensureRoles(admin: pg.Client, passwords: Record<RoleName, string>): Promise<void> {
  const { rows } = await admin.query<{ rolname: string }>('select rolname from pg_roles where rolname = any($1)', [
    Object.keys(attributes),
  ]);
  const existing = new Set(rows.map(({ rolname }) => rolname));
  for (const [role, extra] of Object.entries(attributes) as [RoleName, string][]) {
    const verb = existing.has(role) ? 'alter' : 'create';
    const password = admin.escapeLiteral(passwords[role]);
    await admin.query(`${verb} role ${role} login nosuperuser noreplication nobypassrls ${extra} password ${password}`);
  }
  // A mistake in the proxy must not write, even where a grant would let it.
  await admin.query('alter role authsome_proxy set default_transaction_read_only = on');
}
