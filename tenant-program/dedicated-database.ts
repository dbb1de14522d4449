import * as postgresql from '@pulumi/postgresql';
import { ComponentResource, interpolate, secret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { makeDatabaseObjects, tlsParameters } from './database-objects.ts';
import type { TenantDatabase } from './database-objects.ts';
import { DedicatedPostgres } from './dedicated-postgres.ts';
import type { TenantNamespace } from './namespace.ts';
import { ports } from '../domain/tenant-ports.ts';
import type { DedicatedDatabaseSpec } from './spec.ts';
import type { TenantContext } from './tenant-context.ts';

export interface DedicatedDatabaseArgs {
  context: TenantContext;
  namespace: TenantNamespace;
  serviceAccountName: Output<string>;
  server: DedicatedDatabaseSpec;
  /** What must exist before a pod may start: its network policies. */
  dependsOn: Resource[];
}

/** TLS without a look at the certificate, which the server has made itself; the network policy says who may answer at that address. */
const sslMode = 'require';

/** A database on a server of the tenant's own. */
export class DedicatedDatabase extends ComponentResource implements TenantDatabase {
  readonly host: string;
  readonly databaseName: Output<string>;
  readonly user: Output<string>;
  readonly url: Output<string>;
  readonly adminUrl: Output<string>;

  constructor(name: string, args: DedicatedDatabaseArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:DedicatedDatabase', name, {}, options);
    const { context, namespace } = args;
    const server = new DedicatedPostgres('postgres', args, { parent: this });
    const provider = new postgresql.Provider(
      `${name}-server`,
      {
        host: server.host,
        port: ports.postgres,
        username: server.adminUser,
        password: server.adminPassword,
        sslmode: sslMode,
        superuser: true,
        connectTimeout: 30,
      },
      // Ready means that it answers, with the password that is in its volume.
      { parent: this, dependsOn: server.statefulSet },
    );
    const made = makeDatabaseObjects(name, {
      context,
      parent: this,
      provider,
      host: server.host,
      port: ports.postgres,
      sslMode,
      deletedWith: namespace.namespace,
    });
    this.host = made.host;
    this.databaseName = made.databaseName;
    this.user = made.user;
    this.url = made.url;
    this.adminUrl = secret(
      interpolate`postgres://${server.adminUser}:${server.adminPassword}@${server.host}:${ports.postgres}/postgres?${tlsParameters(sslMode)}`,
    );
    this.registerOutputs({ databaseName: this.databaseName, user: this.user, url: this.url });
  }
}
