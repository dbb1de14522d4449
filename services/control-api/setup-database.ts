import { z } from 'zod';
import { commonConfig, connectionUrl, parseConfig } from '../shared/config.ts';
import { awaitServers } from '../shared/db/await-servers.ts';
import { runTask } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { setUpControlServer } from './setup/set-up-control-server.ts';
import { setUpTenantsServer } from './setup/set-up-tenants-server.ts';

const password = z.string().min(16);

const configSchema = z.object({
  LOG_LEVEL: commonConfig.LOG_LEVEL,
  /** As the server's administrator, database `postgres`. */
  ADMIN_DATABASE_URL: connectionUrl('postgres', 'postgresql'),
  /** The same for the server of the tenants' databases; the control database's server where it is not given. */
  TENANTS_ADMIN_DATABASE_URL: connectionUrl('postgres', 'postgresql').optional(),
  CONTROL_DB_PASSWORD: password,
  STATE_DB_PASSWORD: password,
  PROVISIONER_DB_PASSWORD: password,
  PROXY_DB_PASSWORD: password,
  TENANTS_DB_PASSWORD: password,
  /** On both servers. */
  BACKUP_DB_PASSWORD: password,
  /** Where the migrations are, if not beside the program. */
  MIGRATIONS_DIR: z.string().optional(),
});

runTask('setup-database', async () => {
  const config = parseConfig(configSchema, process.env);
  const log = createLog({ name: 'setup-database', level: config.LOG_LEVEL });
  await awaitServers({ urls: [config.ADMIN_DATABASE_URL, config.TENANTS_ADMIN_DATABASE_URL ?? config.ADMIN_DATABASE_URL] });
  await setUpControlServer({
    adminUrl: config.ADMIN_DATABASE_URL,
    passwords: {
      authsome_control: config.CONTROL_DB_PASSWORD,
      authsome_state: config.STATE_DB_PASSWORD,
      authsome_provisioner: config.PROVISIONER_DB_PASSWORD,
      authsome_proxy: config.PROXY_DB_PASSWORD,
      authsome_backup: config.BACKUP_DB_PASSWORD,
    },
    migrationsDirectory: config.MIGRATIONS_DIR,
    log,
  });
  await setUpTenantsServer({
    adminUrl: config.TENANTS_ADMIN_DATABASE_URL ?? config.ADMIN_DATABASE_URL,
    passwords: { authsome_tenants: config.TENANTS_DB_PASSWORD, authsome_backup: config.BACKUP_DB_PASSWORD },
    log,
  });
});
