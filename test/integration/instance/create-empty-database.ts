import { randomBytes } from 'node:crypto';
import { serviceUrl } from '../../support/service-url.ts';
import { databaseUrl } from '../../support/test-database.ts';
import { postgresClient } from '../../support/postgres-client.ts';

/** A database without any table, as a tenant's is before its first migration. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `tenant_${randomBytes(8).toString('hex')}`;
  // In the locale of the tenants' databases, which knows no letters but ASCII's.
  await withAdmin(`create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  return { url: databaseUrl(name), drop: () => withAdmin(`drop database if exists ${name} with (force)`) };
}

async function withAdmin(statement: string): Promise<void> {
  const admin = postgresClient({ connectionString: serviceUrl('TEST_DATABASE_URL') });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
