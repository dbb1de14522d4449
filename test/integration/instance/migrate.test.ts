import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createAuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import { migrateAuth } from '../../../services/instance/migrate-auth.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createEmptyDatabase } from './create-empty-database.ts';

test('replicas that migrate at once leave one complete schema, and a later run changes nothing', async (t) => {
  const empty = await createEmptyDatabase();
  const databases = Array.from({ length: 3 }, () => createAuthDatabase({ url: empty.url, poolSize: 1 }));
  const settings = {
    secret: randomBytes(32).toString('base64'),
    sessionTimeoutSeconds: 604_800,
    emailVerificationRequired: false,
    publicUrl: undefined,
    providers: { social: {}, oidc: {} },
  };
  const log = createLog({ name: 'test', level: 'silent' });
  const run = (database: (typeof databases)[number]): Promise<string[]> => migrateAuth({ database, settings, log });
  try {
    const changed = await Promise.all(databases.map(run));
    t.deepEqual(changed.flat().sort(), [
      ...['account', 'invitation', 'jwks', 'member', 'oneTimeToken', 'organization', 'session', 'twoFactor', 'user', 'verification'],
    ]);
    t.deepEqual(await run(databases[0]!), []);
  } finally {
    await Promise.all(databases.map((database) => database.destroy()));
    await empty.drop();
  }
});
