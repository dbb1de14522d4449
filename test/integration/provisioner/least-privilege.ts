import { grantOnControlDatabase } from '../../../services/control-api/setup/grant-on-control-database.ts';
import { postgresClient } from '../../support/postgres-client.ts';

const roles = ['authsome_provisioner', 'authsome_proxy', 'authsome_backup'];
/** Another test process made the role in the same moment. */
const madeMeanwhile = ['42710', '23505'];

/**
 * Gives the platform's grants on a test database, and answers the URL with which a worker has only the provisioner's: it logs in as the
 * superuser, and is the role from its first statement on.
 */
export async function leastPrivilegeUrl(superuserUrl: string): Promise<string> {
  const admin = postgresClient({ connectionString: superuserUrl });
  await admin.connect();
  try {
    for (const role of roles)
      await admin.query(`create role ${role} nologin`).catch((error: unknown) => {
        if (!madeMeanwhile.includes((error as { code?: string }).code ?? '')) throw error;
      });
  } finally {
    await admin.end();
  }
  await grantOnControlDatabase(superuserUrl);
  const url = new URL(superuserUrl);
  url.searchParams.set('options', '-c role=authsome_provisioner');
  return url.href;
}
