import type pg from 'pg';
import { withClient } from './with-client.ts';

/** Any fixed number; two setups at once take turns. */
const advisoryLock = 4_718_220_002;

/** Works on a server as its administrator, one setup at a time: the lock ends with the connection. */
export function withAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  return withClient(adminUrl, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [advisoryLock]);
    await work(admin);
  });
}
