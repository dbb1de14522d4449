import type pg from 'pg';

const owners = { authsome_control: 'authsome_control', authsome_state: 'authsome_state' } as const;

/** Makes the control and the state database, and closes every database of the server to those who were not named. */
export async function ensureDatabases(admin: pg.Client): Promise<void> {
  for (const [database, owner] of Object.entries(owners)) {
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [database]);
    // `create database` can't run in a transaction; an interrupted setup goes on from here.
    if (rowCount === 0) await admin.query(`create database ${database} owner ${owner} encoding 'UTF8' template template0`);
    await admin.query(`revoke all on database ${database} from public`);
  }
  await admin.query('grant connect on database authsome_control to authsome_provisioner, authsome_proxy');
  await closeMaintenanceDatabases(admin);
}

/** Closes the databases that every server has to PUBLIC, of which each tenant's role is part. */
export async function closeMaintenanceDatabases(admin: pg.Client): Promise<void> {
  await admin.query('revoke all on database postgres from public');
  await admin.query('revoke all on database template1 from public');
}
