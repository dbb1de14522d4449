import { z } from 'zod';
import { commonConfig, connectionUrl, parseConfig } from '../shared/config.ts';
import { runTask } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { setUpDatabase } from './setup/set-up-database.ts';

const password = z.string().min(16);

const configSchema = z.object({
  LOG_LEVEL: commonConfig.LOG_LEVEL,
  /** As superuser, database `postgres`. */
  ADMIN_DATABASE_URL: connectionUrl('postgres', 'postgresql'),
  CONTROL_DB_PASSWORD: password,
  STATE_DB_PASSWORD: password,
  PROVISIONER_DB_PASSWORD: password,
  PROXY_DB_PASSWORD: password,
  TENANTS_DB_PASSWORD: password,
  /** Where the migrations are, if not beside the program. */
  MIGRATIONS_DIR: z.string().optional(),
});

runTask('setup-database', async () => {
  const config = parseConfig(configSchema, process.env);
  await setUpDatabase({
    adminUrl: config.ADMIN_DATABASE_URL,
    passwords: {
      authsome_control: config.CONTROL_DB_PASSWORD,
      authsome_state: config.STATE_DB_PASSWORD,
      authsome_provisioner: config.PROVISIONER_DB_PASSWORD,
      authsome_proxy: config.PROXY_DB_PASSWORD,
      authsome_tenants: config.TENANTS_DB_PASSWORD,
    },
    migrationsDirectory: config.MIGRATIONS_DIR,
    log: createLog({ name: 'setup-database', level: config.LOG_LEVEL }),
  });
});
