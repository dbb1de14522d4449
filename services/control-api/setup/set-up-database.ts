import pg from 'pg';
import { migrate } from '../../shared/db/migrate.ts';
import type { Log } from '../../shared/log.ts';
import { ensureDatabases } from './ensure-databases.ts';
import { ensureRoles } from './ensure-roles.ts';
import type { RoleName } from './ensure-roles.ts';
import { grantOnControlDatabase } from './grant-on-control-database.ts';

interface SetUpOptions {
  /** As superuser, database `postgres`. */
  adminUrl: string;
  passwords: Record<RoleName, string>;
  migrationsDirectory?: string | undefined;
  log: Log;
}

/** Any fixed number; two Jobs at once take turns. */
const advisoryLock = 4_718_220_002;

/**
 * Brings a PostgreSQL server from nothing, or from any earlier state, to what the platform needs: roles with their passwords, the two
 * databases, the control schema, grants. Doing it again changes nothing but passwords that were changed.
 */
export async function setUpDatabase({ adminUrl, passwords, migrationsDirectory, log }: SetUpOptions): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl, application_name: 'authsome-setup' });
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock($1)', [advisoryLock]);
    await ensureRoles(admin, passwords);
    await ensureDatabases(admin);
    const ownerUrl = urlAs(adminUrl, { role: 'authsome_control', password: passwords.authsome_control, database: 'authsome_control' });
    await migrate(ownerUrl, log, migrationsDirectory);
    await grantOnControlDatabase(ownerUrl);
    log.info('Database is set up');
  } finally {
    await admin.end();
  }
}

function urlAs(base: string, { role, password, database }: { role: string; password: string; database: string }): string {
  const url = new URL(base);
  url.username = role;
  url.password = encodeURIComponent(password);
  url.pathname = `/${database}`;
  return url.href;
}
