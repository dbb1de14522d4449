import * as postgresql from '@pulumi/postgresql';
import { interpolate, secret } from '@pulumi/pulumi';
import type { CustomResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { generatedSecret } from './generated-secret.ts';
import { connectionLimit } from './instance-pods.ts';
import { customTimeouts } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

/** What the instance needs to know of its database, wherever that is. */
export interface TenantDatabase {
  readonly host: string;
  readonly databaseName: Output<string>;
  readonly user: Output<string>;
  /** Secret. */
  readonly url: Output<string>;
  /** What the instance has to have at databaseCaFile for it, in PEM. */
  readonly caCertificate?: string | undefined;
  /** Of a server of the tenant's own, as its superuser. Secret. */
  readonly adminUrl?: Output<string>;
}

export interface DatabaseObjectsArgs {
  context: TenantContext;
  parent: Resource;
  provider: postgresql.Provider;
  host: string;
  port: number;
  sslMode: string;
  /** Where the instance has the server's authority, where its certificate is looked at. */
  caFile?: string | undefined;
  /** Database of which the tenant's is made a copy; absent: template0. */
  template?: string | undefined;
  /** Gone with this, there is no server left to delete anything on. */
  deletedWith?: Resource;
}

/** Where the instance finds its database server's authority. */
export const databaseCaFile = '/etc/authsome/database/ca.pem';

/** Of the database's limit, for a backup while the instance uses all of its own. */
const administratorConnections = 2;

/**
 * A role, its database, and a grant that closes the database to everybody else. Their names hold the tenant's data: they must not change. Nothing is
 * done in the database itself: what is there is the tenant's, and an administrator that runs a statement among it could run the tenant's.
 */
export function makeDatabaseObjects(name: string, args: DatabaseObjectsArgs): TenantDatabase {
  const { context, parent, provider, host, port, sslMode, caFile, template, deletedWith } = args;
  const limit = connectionLimit(context.spec.resources);
  const childOptions: CustomResourceOptions = { parent, provider, customTimeouts, deletedWith };

  const password = generatedSecret(`${name}-password`, parent);
  const role = new postgresql.Role(
    `${name}-role`,
    { name: context.names.role, login: true, password, connectionLimit: limit },
    childOptions,
  );
  const database = new postgresql.Database(
    name,
    { name: context.names.database, owner: role.name, connectionLimit: limit + administratorConnections, template },
    // Protected, and so the role, which is deleted after what it owns. What an existing database was copied from can't change: another value
    // would make it anew, without its data.
    { ...childOptions, protect: true, ignoreChanges: ['template'] },
  );
  const noPublic = new postgresql.Grant(
    `${name}-no-public`,
    { database: database.name, role: 'public', objectType: 'database', privileges: [] },
    { ...childOptions, deletedWith: deletedWith ?? database },
  );

  return {
    host,
    databaseName: database.name,
    user: role.name,
    // Through the grant, so that nothing gets the address before the database is closed to others.
    url: secret(interpolate`postgres://${role.name}:${password}@${host}:${port}/${noPublic.database}?${tlsParameters(sslMode, caFile)}`),
  };
}

/** Of a URL. node-postgres takes `require` for `verify-full` unless it is told to mean by it what PostgreSQL's own clients do. */
export function tlsParameters(sslMode: string, caFile?: string): string {
  if (sslMode === 'disable') return 'sslmode=disable';
  return `uselibpqcompat=true&sslmode=${sslMode}${caFile === undefined ? '' : `&sslrootcert=${caFile}`}`;
}
