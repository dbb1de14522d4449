import type { PropertySchemas } from '../shared/property-schema.ts';
import type { Properties } from '../shared/wire-values.ts';

const cloudIdentity = 'is not supported by the air-gapped plugin; use a password, or the official plugin';

/** Provider configuration of the official schema, @pulumi/postgresql 3.18.1. */
export const configInputs: PropertySchemas = {
  host: { type: 'string' },
  port: { type: 'integer', min: 1, max: 65_535, default: 5432 },
  database: { type: 'string', default: 'postgres' },
  username: { type: 'string', default: 'postgres' },
  password: { type: 'string', secret: true },
  databaseUsername: { type: 'string' },
  scheme: { type: 'string', values: ['postgres', 'postgresql'], default: 'postgres' },
  sslmode: { type: 'string', values: ['disable', 'require', 'verify-ca', 'verify-full'], default: 'require' },
  sslMode: { type: 'string', values: ['disable', 'require', 'verify-ca', 'verify-full'] },
  sslrootcert: { type: 'string' },
  superuser: { type: 'boolean', default: true },
  connectTimeout: { type: 'integer', min: 0, default: 180 },
  maxConnections: { type: 'integer', min: 0, default: 20 },
  expectedVersion: { type: 'string' },
  clientcert: { type: 'map', unsupported: cloudIdentity },
  awsRdsIamAuth: { type: 'boolean', unsupported: cloudIdentity },
  awsRdsIamProfile: { type: 'string', unsupported: cloudIdentity },
  awsRdsIamProviderRoleArn: { type: 'string', unsupported: cloudIdentity },
  awsRdsIamRegion: { type: 'string', unsupported: cloudIdentity },
  azureIdentityAuth: { type: 'boolean', unsupported: cloudIdentity },
  azureTenantId: { type: 'string', unsupported: cloudIdentity },
  gcpIamImpersonateServiceAccount: { type: 'string', unsupported: cloudIdentity },
};

export type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** A PostgreSQL server, and the administrator to connect as. */
export interface ServerConfig {
  host: string;
  port: number;
  database: string;
  username: string;
  password: string | undefined;
  sslMode: SslMode;
  sslRootCert: string | undefined;
  connectTimeoutMs: number;
}

/** Turns checked configuration, defaults filled in, into a server's address. */
export function parseServerConfig(properties: Properties): ServerConfig {
  const text = (name: string): string | undefined => (typeof properties[name] === 'string' ? properties[name] : undefined);
  return {
    host: text('host') ?? 'localhost',
    port: Number(properties['port']),
    database: text('database') ?? 'postgres',
    username: text('username') ?? 'postgres',
    password: text('password'),
    sslMode: (text('sslMode') ?? text('sslmode')) as SslMode,
    sslRootCert: text('sslrootcert'),
    connectTimeoutMs: Number(properties['connectTimeout']) * 1_000,
  };
}
