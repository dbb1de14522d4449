import * as postgresql from '@pulumi/postgresql';
import { ComponentResource, secret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { databaseCaFile, makeDatabaseObjects } from './database-objects.ts';
import type { TenantDatabase } from './database-objects.ts';
import type { SharedDatabaseSpec } from './spec.ts';
import type { TenantContext } from './tenant-context.ts';

export interface SharedDatabaseArgs {
  context: TenantContext;
  server: SharedDatabaseSpec;
}

/** A database of the tenant's own on the shared server: its own role owns it, and no other tenant may so much as connect. */
export class SharedDatabase extends ComponentResource implements TenantDatabase {
  readonly host: string;
  readonly databaseName: Output<string>;
  readonly user: Output<string>;
  readonly url: Output<string>;
  readonly caCertificate: string | undefined;

  constructor(name: string, { context, server }: SharedDatabaseArgs, options?: ComponentResourceOptions) {
    // The type is part of the identity of everything below: with another one, the database of each tenant would be made anew.
    super('authsome:tenant:Database', name, {}, options);
    const { host, port, adminUser, adminPassword, sslMode, ca, template } = server;
    const provider = new postgresql.Provider(
      `${name}-server`,
      {
        ...{ host, port, username: adminUser, password: secret(adminPassword), superuser: false, connectTimeout: 15 },
        ...{ sslmode: sslMode, sslrootcert: ca?.file },
      },
      { parent: this },
    );
    const made = makeDatabaseObjects(name, {
      ...{ context, parent: this, provider, host, port, template },
      ...{ sslMode, caFile: ca && databaseCaFile },
    });
    this.host = made.host;
    this.databaseName = made.databaseName;
    this.user = made.user;
    this.url = made.url;
    this.caCertificate = ca?.certificate;
    this.registerOutputs({ databaseName: this.databaseName, user: this.user, url: this.url });
  }
}
