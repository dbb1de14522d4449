import { migrate } from '../../shared/db/migrate.ts';
import type { Log } from '../../shared/log.ts';
import { ensureReadingRole } from './ensure-backup-access.ts';
import { ensureDatabases } from './ensure-databases.ts';
import { ensureRole } from './ensure-role.ts';
import { grantOnControlDatabase } from './grant-on-control-database.ts';
import { withAdmin } from './with-admin.ts';

const roles = ['authsome_control', 'authsome_state', 'authsome_provisioner', 'authsome_proxy', 'authsome_backup'] as const;

interface SetUpOptions {
  /** As superuser, or as a managed server's administrator; database `postgres`. */
  adminUrl: string;
  passwords: Record<(typeof roles)[number], string>;
  migrationsDirectory?: string | undefined;
  log: Log;
}

/**
 * Brings the server of the control and the state database from nothing, or from any earlier state, to what the platform needs: roles with
 * their passwords, the databases, the control schema, grants. Doing it again changes nothing but passwords that were changed.
 */
export async function setUpControlServer({ adminUrl, passwords, migrationsDirectory, log }: SetUpOptions): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    for (const role of roles) await ensureRole(admin, role, passwords[role]);
    // A mistake in the proxy must not write, even where a grant would let it.
    await admin.query('alter role authsome_proxy set default_transaction_read_only = on');
    await ensureDatabases(admin, log);
    await ensureReadingRole(admin, ['authsome_control', 'authsome_state']);
    const ownerUrl = urlAs(adminUrl, { role: 'authsome_control', password: passwords.authsome_control, database: 'authsome_control' });
    await migrate(ownerUrl, log, migrationsDirectory);
    await grantOnControlDatabase(ownerUrl);
  });
  log.info('Control server is set up');
}

function urlAs(base: string, { role, password, database }: { role: string; password: string; database: string }): string {
  const url = new URL(base);
  url.username = role;
  url.password = encodeURIComponent(password);
  url.pathname = `/${database}`;
  return url.href;
}
