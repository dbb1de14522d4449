import { randomBytes } from 'node:crypto';
import { databaseUrl } from './test-database.ts';
import { postgresClient } from './postgres-client.ts';

/** The test server as that of tenants' databases, with an administrator who may create roles and databases but is no superuser. */
export interface TestTenantsServer {
  settings: { host: string; port: number; adminUser: string; adminPassword: string; sslMode: 'disable' };
  /** As that administrator, on the given database, or `postgres`. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>;
  /** A role with a database of its own, as the tenant program makes them. */
  makeTenant(appId: string): Promise<void>;
  exists(kind: 'database' | 'role', appId: string): Promise<boolean>;
  /** Drops what was made, and the administrator. */
  drop(): Promise<void>;
}

export async function createTestTenantsServer(adminPassword = randomBytes(12).toString('hex')): Promise<TestTenantsServer> {
  const adminUser = `tenants_${randomBytes(6).toString('hex')}`;
  const made: string[] = [];
  const superuser = new URL(databaseUrl('postgres'));
  const asSuperuser = (text: string): Promise<Record<string, unknown>[]> => run(superuser, text);
  await asSuperuser(`create role ${adminUser} login createdb createrole password '${adminPassword}'`);

  const query: TestTenantsServer['query'] = (text, database = 'postgres') => {
    const url = new URL(databaseUrl(database));
    url.username = adminUser;
    url.password = adminPassword;
    return run(url, text);
  };
  return {
    settings: { host: superuser.hostname, port: Number(superuser.port), adminUser, adminPassword, sslMode: 'disable' },
    query,
    async makeTenant(appId) {
      made.push(appId);
      await query(`create role ${appId}_user login password 'tenant'`);
      await query(`create database authsome_${appId}`);
      await query(`grant ${appId}_user to current_user`);
      await query(`alter database authsome_${appId} owner to ${appId}_user`);
      await query(`revoke ${appId}_user from current_user`);
    },
    async exists(kind, appId) {
      const [table, column, name] =
        kind === 'database' ? ['pg_database', 'datname', `authsome_${appId}`] : ['pg_roles', 'rolname', `${appId}_user`];
      return (await asSuperuser(`select 1 from ${table} where ${column} = '${name}'`)).length === 1;
    },
    async drop() {
      for (const appId of made) {
        await asSuperuser(`drop database if exists authsome_${appId} with (force)`);
        await asSuperuser(`drop role if exists ${appId}_user`);
      }
      await asSuperuser(`drop owned by ${adminUser}`);
      await asSuperuser(`drop role if exists ${adminUser}`);
    },
  };
}

async function run(url: URL, text: string): Promise<Record<string, unknown>[]> {
  const client = postgresClient({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
