import type pg from 'pg';
import { becomeMember } from '../../shared/db/become-member.ts';
import type { Log } from '../../shared/log.ts';

const owners = { authsome_control: 'authsome_control', authsome_state: 'authsome_state' } as const;

/** Makes the control and the state database, and closes every database of the server to those who were not named. */
export async function ensureDatabases(admin: pg.Client, log: Log): Promise<void> {
  for (const [database, owner] of Object.entries(owners)) {
    await becomeMember(admin, owner);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [database]);
    // `create database` can't run in a transaction; an interrupted setup goes on from here.
    if (rowCount === 0) await admin.query(`create database ${database} owner ${owner} encoding 'UTF8' template template0`);
    await admin.query(`revoke all on database ${database} from public`);
  }
  await admin.query('grant connect on database authsome_control to authsome_provisioner, authsome_proxy');
  await closeMaintenanceDatabases(admin, log);
}

const permissionDenied = '42501';

/**
 * Closes the databases that every server has to PUBLIC, of which each tenant's role is part. What belongs to somebody else, as template1 of a
 * managed server does, stays open; there is nothing of ours in it.
 */
export async function closeMaintenanceDatabases(admin: pg.Client, log: Log): Promise<void> {
  for (const database of ['postgres', 'template1']) {
    try {
      await admin.query(`revoke all on database ${database} from public`);
    } catch (error) {
      if ((error as { code?: unknown }).code !== permissionDenied) throw error;
    }
    const { rows } = await admin.query<{ open: boolean }>(`select has_database_privilege('public', $1::text, 'CONNECT') as open`, [
      database,
    ]);
    if (rows[0]?.open === true) log.warn({ database }, 'The database stays open to every role: it belongs to another administrator');
  }
}
