import type pg from 'pg';

/** What each login role may do on its server as a whole; on the control database see grant-on-control-database.ts. */
const attributes = {
  authsome_control: 'nocreatedb nocreaterole',
  authsome_state: 'nocreatedb nocreaterole',
  authsome_provisioner: 'nocreatedb nocreaterole',
  authsome_proxy: 'nocreatedb nocreaterole',
  authsome_tenants: 'createdb createrole',
  authsome_backup: 'nocreatedb nocreaterole',
} as const;

export type RoleName = keyof typeof attributes;

/** Makes one role if it is missing, and sets its attributes and password. */
export async function ensureRole(admin: pg.Client, role: RoleName, password: string): Promise<void> {
  const { rows } = await admin.query<{ mighty: boolean }>(
    'select rolsuper or rolreplication or rolbypassrls as mighty from pg_roles where rolname = $1',
    [role],
  );
  const verb = rows.length === 0 ? 'create' : 'alter';
  // Only a superuser may take these away, or so much as name them.
  const never = rows[0]?.mighty === true ? 'nosuperuser noreplication nobypassrls' : '';
  await admin.query(`${verb} role ${role} login ${never} ${attributes[role]} password ${admin.escapeLiteral(password)}`);
}
