import * as postgresql from '@pulumi/postgresql';
import { ComponentResource, interpolate, secret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { generatedSecret } from './generated-secret.ts';
import { customTimeouts } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantDatabaseArgs {
  context: TenantContext;
}

/** A database of the tenant's own on the shared server: its own role owns it, and no other role may so much as connect. */
export class TenantDatabase extends ComponentResource {
  readonly host: string;
  readonly databaseName: Output<string>;
  readonly user: Output<string>;
  /** Secret. */
  readonly url: Output<string>;

  constructor(name: string, { context }: TenantDatabaseArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Database', name, {}, options);
    const { host, port, adminUser, adminPassword, sslMode, connectionLimit } = context.spec.database;
    const provider = new postgresql.Provider(
      `${name}-server`,
      { host, port, username: adminUser, password: secret(adminPassword), sslmode: sslMode, superuser: false, connectTimeout: 15 },
      { parent: this },
    );
    const childOptions = { parent: this, provider, customTimeouts };

    const password = generatedSecret(`${name}-password`, this);
    const role = new postgresql.Role(
      `${name}-role`,
      { name: context.names.role, login: true, password: password, connectionLimit },
      childOptions,
    );
    const database = new postgresql.Database(name, { name: context.names.database, owner: role.name, connectionLimit }, childOptions);
    const revoked = new postgresql.Grant(
      `${name}-no-public`,
      { database: database.name, role: 'public', objectType: 'database', privileges: [] },
      childOptions,
    );

    this.host = host;
    this.databaseName = database.name;
    this.user = role.name;
    // Through the grant, so that nothing gets the address before the database is closed to others.
    this.url = secret(interpolate`postgres://${role.name}:${password}@${host}:${port}/${revoked.database}?sslmode=${sslMode}`);
    this.registerOutputs({ databaseName: this.databaseName, user: this.user, url: this.url });
  }
}
