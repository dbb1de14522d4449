import type { V1Namespace } from '@kubernetes/client-node';
import { tenantNames } from '../../../tenant-program/names.ts';
import type { Cluster } from './connect-cluster.ts';
import { isStatus, whenFound } from './when-found.ts';

export interface TenantNamespace {
  name: string;
  uid: string;
  /** Of the application that its labels say; certain only where the name says the same. */
  appId: string | undefined;
  /** Since when it is being deleted. */
  deletedAt: Date | undefined;
  finalizers: string[];
  /** Why it is still there while it is deleted, in the namespace controller's words. */
  remaining: string[];
}

/** The labels that the tenant program gives to everything (tenant-context.ts). */
const appLabel = 'authsome.cloud/app-id';
const managed = 'app.kubernetes.io/managed-by=authsome-provisioner';
const pageSize = 200;
/** NamespaceDeletionDiscoveryFailure and the like are conditions of the same kind: all say what keeps it. */
const remainingPrefix = 'Namespace';

/** One namespace, by its name, whoever's it is. */
export async function readNamespace({ core }: Cluster, name: string): Promise<TenantNamespace | undefined> {
  const found = await whenFound(core.readNamespace({ name }));
  return found && present(found);
}

/** Every namespace with the labels of an application, a page at a time. */
export async function* listTenantNamespaces({ core }: Cluster): AsyncGenerator<TenantNamespace[]> {
  let page: string | undefined;
  do {
    const list = await core.listNamespace({ labelSelector: `${managed},${appLabel}`, limit: pageSize, ...(page && { _continue: page }) });
    yield list.items.map(present);
    page = list.metadata?._continue;
  } while (page);
}

/** Whether a namespace is certainly this application's: its name and its label say so. */
export function belongsTo({ name, appId }: TenantNamespace, application: string): boolean {
  return appId === application && name === tenantNames(application).namespace;
}

/** Begins the deletion of exactly the namespace that was looked at. Nothing to do where it is gone, or another one has its name. */
export async function deleteNamespace({ core }: Cluster, { name, uid }: TenantNamespace): Promise<void> {
  try {
    await whenFound(core.deleteNamespace({ name, body: { preconditions: { uid } } }));
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
}

function present({ metadata, spec, status }: V1Namespace): TenantNamespace {
  const conditions = status?.conditions ?? [];
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    appId: metadata?.labels?.[appLabel],
    deletedAt: metadata?.deletionTimestamp === undefined ? undefined : new Date(metadata.deletionTimestamp),
    finalizers: [...(metadata?.finalizers ?? []), ...(spec?.finalizers ?? [])],
    remaining: conditions
      .filter(({ type, status }) => type.startsWith(remainingPrefix) && status === 'True')
      .map(({ message, type }) => message ?? type),
  };
}
