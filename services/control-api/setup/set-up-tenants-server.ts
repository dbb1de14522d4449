import type { Log } from '../../shared/log.ts';
import { closeMaintenanceDatabases } from './ensure-databases.ts';
import { ensureRole } from './ensure-role.ts';
import { ensureTenantTemplate } from './ensure-tenant-template.ts';
import { withAdmin } from './with-admin.ts';

/**
 * Brings the server of the tenants' databases to what the provisioner needs: the role that makes each tenant's role and database. It should
 * be another server than the control database's: before PostgreSQL 16, CREATEROLE reaches every role but superusers, the control role too.
 */
export async function setUpTenantsServer({ adminUrl, password, log }: { adminUrl: string; password: string; log: Log }): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    await ensureRole(admin, 'authsome_tenants', password);
    await closeMaintenanceDatabases(admin);
    // Whoever creates databases has to connect to one that exists.
    await admin.query('grant connect on database postgres to authsome_tenants');
    await ensureTenantTemplate(admin, adminUrl);
  });
  log.info('Tenants server is set up');
}
