import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { encryptionKeyFingerprint } from '../../../services/backup/key-fingerprints.ts';
import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import type { RunBackupOptions } from '../../../services/backup/run-backup.ts';
import type { BackupTarget } from '../../../services/backup/targets/target.ts';
import { setUpControlServer } from '../../../services/control-api/setup/set-up-control-server.ts';
import { setUpTenantsServer } from '../../../services/control-api/setup/set-up-tenants-server.ts';
import { createDatabase } from '../../../services/shared/db/database.ts';
import type { Database } from '../../../services/shared/db/tables.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import { insertApplication } from '../../support/insert-application.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startManagedPostgres } from '../../support/start-managed-postgres.ts';
import { postgresBin, startPostgres } from '../../support/start-postgres.ts';
import { postgresClient } from '../../support/postgres-client.ts';

export const log = createLog({ name: 'test', level: 'silent' });
export const encryptionKey = randomBytes(32).toString('base64');
export const passphraseFingerprint = 'fingerprint of a passphrase';
export const binDir = postgresBin();
const box = createSecretBox(encryptionKey);
const password = 'password of a service role';

/** The servers of one platform as the database setup leaves them, and a server of a tenant's own. */
export interface PlatformDatabases {
  admin: { control: string; tenants: string; dedicated: string };
  /** As superuser, for the tests to look at everything. */
  superuser: { control: string; tenants: string };
  /** As authsome_backup. */
  urls: RunBackupOptions['urls'];
  /** The control database. */
  db: Kysely<Database>;
  setUp(): Promise<void>;
  /** An active application with users, whose database is on the shared server or on one of its own. */
  makeTenant(appId: string, tier?: 'shared' | 'dedicated'): Promise<void>;
  backupOptions(target: BackupTarget): RunBackupOptions;
  stop(): Promise<void>;
}

export async function startPlatformDatabases({ managed = false } = {}): Promise<PlatformDatabases> {
  const directories = [makeServerDirectory(), makeServerDirectory(), makeServerDirectory()];
  const start = managed ? startManagedPostgres : startOwnPostgres;
  const servers = await Promise.all(directories.map(start));
  const [control, tenants, dedicated] = servers.map(({ url }) => url) as [string, string, string];
  const setUp = async (): Promise<void> => {
    const roles = { authsome_control: password, authsome_state: password, authsome_provisioner: password, authsome_proxy: password };
    await setUpControlServer({ adminUrl: control, passwords: { ...roles, authsome_backup: password }, log });
    await setUpTenantsServer({ adminUrl: tenants, passwords: { authsome_tenants: password, authsome_backup: password }, log });
    await query(
      as('authsome_state', databaseUrl(control, 'authsome_state')),
      'create table if not exists pulumi_state (key text primary key, data jsonb)',
    );
  };
  await setUp();
  const db = createDatabase({ url: databaseUrl(control, 'authsome_control'), poolSize: 3, applicationName: 'test' });
  const urls = {
    control: as('authsome_backup', databaseUrl(control, 'authsome_control')),
    state: as('authsome_backup', databaseUrl(control, 'authsome_state')),
    tenants: as('authsome_backup', tenants),
  };
  return {
    admin: { control, tenants, dedicated },
    superuser: { control: String(servers[0]?.superuserUrl), tenants: String(servers[1]?.superuserUrl) },
    urls,
    db,
    setUp,
    makeTenant: (appId, tier = 'shared') => makeTenant({ db, appId, tier, server: tier === 'shared' ? tenants : dedicated }),
    backupOptions: (target) => ({
      ...{ db, urls, box, target, keepDays: 3, concurrency: 2, retryPauseMs: 50, binDir, log },
      keys: { encryptionKey: encryptionKeyFingerprint(encryptionKey), passphrase: passphraseFingerprint },
    }),
    async stop() {
      await db.destroy();
      await Promise.all(servers.map((server) => server.stop()));
      for (const directory of directories) rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Tenant {
  db: Kysely<Database>;
  appId: string;
  tier: 'shared' | 'dedicated';
  server: string;
}

/** As the tenant program does it, and the instance after it. */
async function makeTenant({ db, appId, tier, server }: Tenant): Promise<void> {
  const [name, role, secret] = [`authsome_${appId}`, `${appId}_user`, randomBytes(32).toString('hex')];
  const admin = tier === 'shared' ? as('authsome_tenants', server) : server;
  const template = tier === 'shared' ? 'template authsome_template' : 'template template0';
  await query(admin, `create role ${role} login password '${secret}'`);
  await query(admin, `grant ${role} to current_user`);
  await query(admin, `create database ${name} owner ${role} ${template} encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  await query(databaseUrl(admin, name), 'revoke all on schema public from public');
  await query(admin, `revoke all on database ${name} from public`);
  if (tier === 'shared') await query(admin, `revoke ${role} from current_user`);
  const own = new URL(databaseUrl(server, name));
  Object.assign(own, { username: role, password: secret });
  await query(
    own.href,
    `create extension pg_trgm; create table "user" (id text primary key, email text unique, name text, at timestamptz default now())`,
  );
  await query(own.href, `create index on "user" using gin (email gin_trgm_ops)`);
  await query(
    own.href,
    `insert into "user" select 'usr_' || n, n || '@${appId}.example', repeat('é', n % 7) from generate_series(1, 500) n`,
  );
  const outputs = {
    databaseUrl: own.href,
    databaseName: name,
    ...(tier === 'dedicated' && { databaseAdminUrl: databaseUrl(server, 'postgres') }),
  };
  await insertApplication(db, {
    application: {
      ...{ id: appId, database_tier: tier, status: 'active', serving: true, observed_generation: 1, revision: 7, published_revision: 7 },
      sealed_outputs: box.seal(JSON.stringify(outputs), appId),
    },
  });
}

async function startOwnPostgres(directory: string) {
  const server = await startPostgres(directory);
  return { ...server, superuserUrl: server.url };
}

function as(role: string, url: string): string {
  const other = new URL(url);
  Object.assign(other, { username: role, password });
  return other.href;
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = postgresClient({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(text);
    // Several statements answer with a list, whatever its type says.
    return result.rows ?? [];
  } finally {
    await client.end();
  }
}

/** Every row of every table of a database, in an order of their own. */
export async function contentOf(url: string): Promise<Record<string, string[]>> {
  const tables = await query(url, `select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by 1`);
  const content: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await query(url, `select t::text as row from public.${String(name)} t order by 1`);
    content[String(name)] = rows.map(({ row }) => String(row));
  }
  return content;
}

export function makeFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'authsome-backups-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
