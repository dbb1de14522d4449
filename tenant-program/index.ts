import type { Input } from '@pulumi/pulumi';
import { TenantDatabase } from './database.ts';
import { TenantInstance } from './instance.ts';
import { TenantNamespace } from './namespace.ts';
import { TenantNetworkPolicies } from './network-policies.ts';
import { TenantQuota } from './quota.ts';
import { TenantRedis } from './redis.ts';
import { TenantServiceAccount } from './service-account.ts';
import type { TenantOutputs, TenantSpec } from './spec.ts';
import { createTenantContext } from './tenant-context.ts';
import { programVersion } from './version.ts';

/** The tenant's outputs while the program runs: what is secret is a secret of Pulumi's. */
export type TenantProgramOutputs = { [Name in keyof TenantOutputs]: Input<string> };

/**
 * The program that makes one customer application: everything it has is declared here, from its validated spec alone. What does
 * not need another thing is made beside it; the instance waits for its database and secrets only.
 */
export function tenantProgram(spec: TenantSpec): () => Promise<TenantProgramOutputs> {
  return () => {
    const context = createTenantContext(spec);
    // First, as everything that the instance waits for hangs on its four steps.
    const database = new TenantDatabase('database', { context });
    const namespace = new TenantNamespace('namespace', { context });
    new TenantQuota('quota', { context, namespace });
    const { name: serviceAccountName } = new TenantServiceAccount('service-account', { context, namespace });
    const { policies: dependsOn } = new TenantNetworkPolicies('network', { context, namespace });
    const redis = new TenantRedis('redis', { context, namespace, serviceAccountName, dependsOn });
    const instance = new TenantInstance('instance', {
      context,
      namespace,
      serviceAccountName,
      databaseUrl: database.url,
      redisUrl: redis.url,
      dependsOn,
    });
    return Promise.resolve({
      programVersion,
      namespace: namespace.name,
      internalUrl: context.names.internalUrl,
      databaseHost: database.host,
      databaseName: database.databaseName,
      databaseUser: database.user,
      databaseUrl: database.url,
      redisHost: redis.host,
      redisUrl: redis.url,
      instanceToken: instance.token,
    });
  };
}
