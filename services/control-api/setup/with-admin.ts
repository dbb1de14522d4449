import pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';

/** Any fixed number; two setups at once take turns. */
const advisoryLock = 4_718_220_002;

/** Works on a server as its administrator, one setup at a time. */
export async function withAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: libpqCompatible(adminUrl), application_name: 'authsome-setup' });
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock($1)', [advisoryLock]);
    await work(admin);
  } finally {
    // Ending the connection releases the lock too.
    await admin.end();
  }
}
