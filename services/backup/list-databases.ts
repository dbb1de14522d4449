import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../shared/db/tables.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import type { Dump } from './manifest.ts';
import { databaseOf, databaseUrl, withClient } from './postgres/server.ts';

/** One database that a run has to dump, or can't, with the reason. */
export type SourceDatabase = Pick<Dump, 'name' | 'kind' | 'applicationId' | 'tier'> & ({ url: string } | { problem: string });

export interface ListDatabasesOptions {
  db: Kysely<Database>;
  urls: { control: string; state: string; tenants: string };
  box: SecretBox;
}

/** The fields that are used of a stack's outputs (tenant-program/spec.ts). */
const outputsSchema = z.object({ databaseUrl: z.string(), databaseName: z.string(), databaseAdminUrl: z.string().optional() });

/**
 * Everything there is to back up. Tenants come before the state of their stacks, and that before the control database: what is newer than
 * what refers to it would be missing, the other way round it is only superfluous, and a restore's repairs see to that.
 */
export async function listDatabases(options: ListDatabasesOptions): Promise<SourceDatabase[]> {
  const { control, state } = options.urls;
  const own = { applicationId: null, tier: null };
  return [
    ...(await sharedDatabases(options)),
    ...(await dedicatedDatabases(options)),
    { ...own, name: databaseOf(state), kind: 'state', url: state },
    { ...own, name: databaseOf(control), kind: 'control', url: control },
  ];
}

/** By what is on the server, not by the rows: what nobody knows of any more may be what somebody will look for. */
async function sharedDatabases({ urls: { tenants } }: ListDatabasesOptions): Promise<SourceDatabase[]> {
  const names = await withClient(tenants, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      String.raw`select datname::text as name from pg_database where datname ~ '^authsome_app_[a-z0-9]+$' order by 1`,
    );
    return rows.map(({ name }) => name);
  });
  return names.map((name) => ({
    ...{ name, kind: 'tenant', tier: 'shared', applicationId: name.slice('authsome_'.length) },
    url: databaseUrl(tenants, name),
  }));
}

/**
 * On servers of applications' own, which only their outputs tell. One that is suspended has its server as well; one that was never active has no
 * outputs, and no data.
 */
async function dedicatedDatabases({ db, box }: ListDatabasesOptions): Promise<SourceDatabase[]> {
  const rows = await db
    .selectFrom('applications')
    .where('database_tier', '=', 'dedicated')
    .where('status', '<>', 'deleted')
    .where('sealed_outputs', 'is not', null)
    .orderBy('id')
    .select(['id', 'sealed_outputs'])
    .execute();
  return rows.map(({ id, sealed_outputs: sealed }) => {
    const common = { name: `authsome_${id}`, kind: 'tenant', tier: 'dedicated', applicationId: id } as const;
    try {
      const outputs = outputsSchema.parse(JSON.parse(box.open(String(sealed), id)));
      return { ...common, url: databaseUrl(outputs.databaseAdminUrl ?? outputs.databaseUrl, outputs.databaseName) };
    } catch {
      // What was wrong with it would quote it.
      return { ...common, problem: "The address of its server can't be read: is ENCRYPTION_KEY the control API's?" };
    }
  });
}
