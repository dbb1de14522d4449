import type { CustomResourceOptions, CustomTimeouts, Resource } from '@pulumi/pulumi';
import { tenantNames } from './names.ts';
import type { TenantNames } from './names.ts';
import type { TenantSpec } from './spec.ts';

/** What every component of one tenant needs to know. */
export interface TenantContext {
  spec: TenantSpec;
  names: TenantNames;
  /** On every object: whose it is, and that it is ours. */
  labels: Record<string, string>;
}

export function createTenantContext(spec: TenantSpec): TenantContext {
  return {
    spec,
    names: tenantNames(spec.appId),
    labels: {
      'app.kubernetes.io/part-of': 'authsome',
      'app.kubernetes.io/managed-by': 'authsome-provisioner',
      'authsome.cloud/app-id': spec.appId,
      'authsome.cloud/plan': spec.plan,
    },
  };
}

export type WorkloadName = 'instance' | 'redis' | 'postgres';

/** The labels by which Services and policies find a workload's pods. */
export function workloadLabels(context: TenantContext, name: WorkloadName): Record<string, string> {
  return { ...context.labels, ...workloadSelector(name) };
}

/** Never to be changed: a Deployment's selector can't be. */
export function workloadSelector(name: WorkloadName): Record<string, string> {
  return { 'app.kubernetes.io/name': name };
}

/** The provider's own default is 10 minutes: by then the operation's deadline has long passed, and with it the reason. */
export const customTimeouts: CustomTimeouts = { create: '3m', update: '3m', delete: '2m' };

/** Options of a resource inside the tenant's namespace: it goes when the namespace goes, with no deletion of its own. */
export function namespacedOptions(parent: Resource, namespace: Resource): CustomResourceOptions {
  return { parent, customTimeouts, deletedWith: namespace };
}

/**
 * Options of what has pods. It is deleted by itself, and waited for, before the namespace: the namespace controller looks again only
 * after half the pods' grace period (16 s) when it finds pods that are still ending.
 */
export function workloadOptions(parent: Resource, dependsOn: Resource[]): CustomResourceOptions {
  return { parent, customTimeouts, dependsOn };
}

/** What the provider would wait 10 s for says less than the workload's own readiness. */
export const skipAwait = { 'pulumi.com/skipAwait': 'true' };
