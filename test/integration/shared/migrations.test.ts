import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type pg from 'pg';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { migrate } from '../../../services/shared/db/migrate.ts';
import { createLog } from '../../../services/shared/log.ts';
import { serviceUrl } from '../../support/service-url.ts';
import { databaseUrl } from '../../support/test-database.ts';
import { postgresClient } from '../../support/postgres-client.ts';

const log = createLog({ name: 'test', level: 'silent' });
const directory = fileURLToPath(new URL('../../../services/shared/db/migrations/', import.meta.url));

test('an application of before keeps its configuration, has all settings of now, no secrets and the shared database', async (t) => {
  const { client, url } = await databaseBefore(t, '0004');
  const old = { sessionTimeoutSeconds: 900, allowedOrigins: ['https://a.example'], emailVerificationRequired: false, mode: 'saas' };
  await client.query(`insert into workspaces (id, name) values ('ws_1', 'Acme')`);
  await client.query(
    `insert into applications (id, workspace_id, name, slug, environment, region, config)
     values ('app_1', 'ws_1', 'Web', 'web', 'production', 'us-east-1', $1)`,
    [JSON.stringify(old)],
  );

  await migrate(url, log);
  const { rows } = await client.query<{ config: object; sealed_config_secrets: object; database_tier: string }>(
    'select config, sealed_config_secrets, database_tier from applications',
  );
  t.deepEqual(rows, [{ config: { ...old, socialProviders: {}, oidcProviders: {} }, sealed_config_secrets: {}, database_tier: 'shared' }]);
  const origins = await client.query('select allowed_origins from applications');
  t.deepEqual(origins.rows, [{ allowed_origins: ['https://a.example'] }]);
  t.deepEqual<unknown, unknown>(appConfigSchema.parse(rows[0]?.config), rows[0]?.config);
});

test('session tokens of before are kept as their hashes, and go on by their ids', async (t) => {
  const { client, url } = await databaseBefore(t, '0012');
  const token = 'AOtdMb9rxiLdzDGAfDIpMKvwrBRLVraB';
  await client.query(`insert into users (id, name, email) values ('usr_1', 'Ada', 'ada@example.com')`);
  await client.query(`insert into sessions (id, user_id, token, expires_at) values ('ses_1', 'usr_1', $1, now() + interval '1 day')`, [
    token,
  ]);
  await migrate(url, log);
  const { rows } = await client.query('select id, token from sessions');
  t.deepEqual(rows, [{ id: 'ses_1', token: createHash('sha256').update(token).digest('hex') }]);
});

/** A database as it was before a migration, and an open connection to it. Both end with the test. */
async function databaseBefore(t: ExecutionContext, migration: string): Promise<{ client: pg.Client; url: string }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = postgresClient({ connectionString: serviceUrl('TEST_DATABASE_URL') });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = databaseUrl(name);
  const client = postgresClient({ connectionString: url });
  const before = mkdtempSync(path.join(tmpdir(), 'authsome-migrations-'));
  t.teardown(async () => {
    await client.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
    rmSync(before, { recursive: true });
  });
  for (const file of readdirSync(directory).filter((file) => file < migration))
    copyFileSync(path.join(directory, file), path.join(before, file));
  await migrate(url, log, before);
  await client.connect();
  return { client, url };
}
