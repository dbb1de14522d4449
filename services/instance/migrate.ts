import { parseConfig } from '../shared/config.ts';
import { runTask } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createAuthDatabase } from './auth/auth-database.ts';
import { instanceConfigSchema } from './config.ts';
import { migrateAuth } from './migrate-auth.ts';

// The init container: ends when the schema is there, or fails and is started again.
runTask('instance-migrate', async (lifecycle) => {
  const config = parseConfig(instanceConfigSchema, process.env);
  const log = createLog({ name: 'instance-migrate', level: config.LOG_LEVEL }).child({ appId: config.APP_ID });
  const database = createAuthDatabase({ url: config.DATABASE_URL, poolSize: 1 });
  lifecycle.onShutdown('database', () => database.destroy());
  await migrateAuth({
    database,
    settings: {
      secret: config.AUTH_SECRET,
      sessionTimeoutSeconds: config.SESSION_TIMEOUT_SECONDS,
      emailVerificationRequired: config.EMAIL_VERIFICATION_REQUIRED,
      publicUrl: config.PUBLIC_URL,
    },
    log,
  });
});
