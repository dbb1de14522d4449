import type pg from 'pg';
import { administer } from '../../shared/db/administrator-connection.ts';

/** Any fixed number; two setups at once take turns. */
const advisoryLock = 4_718_220_002;

/** Another setup may be at its migrations; making the template waits for a checkpoint. */
const timeoutMs = 300_000;

/**
 * Works on a server as its administrator, one setup at a time: the lock ends with the connection.
 *
 * @param adminUrl database `postgres`, or one that no tenant owns
 */
export function withAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  return asAdmin(adminUrl, async (admin) => {
    await admin.query('select pg_advisory_lock($1::bigint)', [advisoryLock]);
    await work(admin);
  });
}

/** The same beside a setup that has the lock. */
export function asAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const config = { connectionString: adminUrl, application_name: 'authsome-setup', statement_timeout: timeoutMs, lock_timeout: timeoutMs };
  return administer(config, work);
}
