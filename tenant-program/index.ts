import type { Input } from '@pulumi/pulumi';
import { TenantAutoscaler } from './autoscaler.ts';
import type { TenantDatabase } from './database-objects.ts';
import { DedicatedDatabase } from './dedicated-database.ts';
import type { DedicatedDatabaseArgs } from './dedicated-database.ts';
import { TenantDisruptionBudget } from './disruption-budget.ts';
import { TenantInstance } from './instance.ts';
import { isAutoscaled } from './instance-pods.ts';
import { TenantMonitoring } from './monitoring.ts';
import { TenantNamespace } from './namespace.ts';
import { TenantNetworkPolicies } from './network-policies.ts';
import { TenantQuota } from './quota.ts';
import { TenantRedis } from './redis.ts';
import { TenantServiceAccount } from './service-account.ts';
import { SharedDatabase } from './shared-database.ts';
import type { TenantOutputs, TenantSpec } from './spec.ts';
import { createTenantContext } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';
import { programVersion } from './version.ts';

/** The tenant's outputs while the program runs: what is secret is a secret of Pulumi's. */
export type TenantProgramOutputs = { [Name in keyof TenantOutputs]: Input<TenantOutputs[Name]> };

/**
 * The program that makes one customer application: everything it has is declared here, from its validated spec alone. What does
 * not need another thing is made beside it; the instance waits for its database and secrets only. What holds the tenant's data is protected,
 * so that no mistake in a spec or in this program can cost it: an `up` that would delete it fails instead.
 */
export function tenantProgram(spec: TenantSpec): () => Promise<TenantProgramOutputs> {
  return () => {
    const context = createTenantContext(spec);
    // First, as on a shared server everything that the instance waits for hangs on its four steps.
    const placeDatabase = startDatabase(context);
    const namespace = new TenantNamespace('namespace', { context });
    new TenantQuota('quota', { context, namespace });
    const { name: serviceAccountName } = new TenantServiceAccount('service-account', { context, namespace });
    const { policies: dependsOn } = new TenantNetworkPolicies('network', { context, namespace });
    const workload = { context, namespace, serviceAccountName, dependsOn };
    const database = placeDatabase(workload);
    const redis = new TenantRedis('redis', workload);
    const { url: databaseUrl, caCertificate: databaseCa } = database;
    const instance = new TenantInstance('instance', { ...workload, databaseUrl, databaseCa, redisUrl: redis.url });
    if (isAutoscaled(spec)) new TenantAutoscaler('autoscaler', { context, namespace });
    if (spec.resources.replicas > 1) new TenantDisruptionBudget('disruption-budget', { context, namespace });
    if (spec.cluster.serviceMonitors) new TenantMonitoring('monitoring', { context, namespace });
    return Promise.resolve({
      programVersion,
      namespace: namespace.name,
      internalUrl: context.names.internalUrl,
      databaseTier: spec.database.tier,
      databaseHost: database.host,
      databaseName: database.databaseName,
      databaseUser: database.user,
      databaseUrl,
      ...(database.adminUrl !== undefined && { databaseAdminUrl: database.adminUrl }),
      redisHost: redis.host,
      redisUrl: redis.url,
      instanceToken: instance.token,
    });
  };
}

/** One on the shared server needs nothing of the namespace and starts at once; a server of the tenant's own runs in it. */
function startDatabase(context: TenantContext): (workload: Omit<DedicatedDatabaseArgs, 'server'>) => TenantDatabase {
  const { database: server } = context.spec;
  if (server.tier === 'dedicated') return (workload) => new DedicatedDatabase('database', { ...workload, server });
  const shared = new SharedDatabase('database', { context, server });
  return () => shared;
}
