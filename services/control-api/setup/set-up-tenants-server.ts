import type { Log } from '../../shared/log.ts';
import { ensureTenantDatabasesAccess } from './ensure-backup-access.ts';
import { closeMaintenanceDatabases } from './ensure-databases.ts';
import { ensureRole } from './ensure-role.ts';
import { ensureTenantTemplate } from './ensure-tenant-template.ts';
import { guardTenantsServer } from './guard-tenants-server.ts';
import { requireIcu } from './require-icu.ts';
import { withAdmin } from './with-admin.ts';

const roles = ['authsome_tenants', 'authsome_backup'] as const;

interface SetUpOptions {
  /** As superuser, or as a managed server's administrator; database `postgres`. */
  adminUrl: string;
  passwords: Record<(typeof roles)[number], string>;
  log: Log;
}

/**
 * Brings the server of the tenants' databases to what the provisioner needs: the role that makes each tenant's role and database, and the one that
 * backs them up. It should be another server than the control database's: before PostgreSQL 16, CREATEROLE reaches every role but superusers, the
 * control role too.
 */
export async function setUpTenantsServer({ adminUrl, passwords, log }: SetUpOptions): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    await requireIcu(admin);
    for (const role of roles) await ensureRole(admin, role, passwords[role]);
    await guardTenantsServer(admin, log);
    await closeMaintenanceDatabases(admin, log);
    // Whoever creates databases has to connect to one that exists.
    await admin.query('grant connect on database postgres to authsome_tenants');
    await ensureTenantTemplate(admin, { adminUrl, log });
    await ensureTenantDatabasesAccess(admin);
  });
  log.info('Tenants server is set up');
}
