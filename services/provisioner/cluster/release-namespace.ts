import { PatchStrategy } from '@kubernetes/client-node';
import type { KubernetesObject } from '@kubernetes/client-node';
import { tenantSecretNames } from '../../../domain/tenant-secrets.ts';
import type { Cluster } from './connect-cluster.ts';
import { belongsTo, readNamespace } from './tenant-namespaces.ts';
import type { TenantNamespace } from './tenant-namespaces.ts';
import { isStatus, whenFound } from './when-found.ts';

export interface Release {
  appId: string;
  namespace: string;
  /** How long a deletion may take by itself, in milliseconds: what is in use, such as a volume, is to end in its own order. */
  patienceMs: number;
  now?: Date;
}

/**
 * What may be in an application's namespace, pods first: what they use goes by itself once they are gone. The first list is of what the
 * tenant program makes, the second of what controllers make of it.
 */
const kinds: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['v1', 'Pod'],
  ...(['Deployment', 'StatefulSet', 'ReplicaSet'] as const).map((kind) => ['apps/v1', kind] as const),
  ...(['PersistentVolumeClaim', 'Service', 'ConfigMap', 'Secret', 'ServiceAccount', 'ResourceQuota', 'LimitRange'] as const).map(
    (kind) => ['v1', kind] as const,
  ),
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['monitoring.coreos.com/v1', 'ServiceMonitor'],
];
const pageSize = 200;

/**
 * Lets go what is left in the namespace of an application that is to be gone: objects whose deletion has lasted longer than the patience lose
 * their finalizers, whose controller seems to be gone, and pods that nobody ends (their node is gone) are taken off the books. Touches
 * nothing that is not being deleted, and nothing outside of a namespace that is certainly the application's.
 *
 * @returns what it let go, such as `ConfigMap settings (example.com/guard)`
 */
export async function releaseNamespace(cluster: Cluster, { appId, namespace, patienceMs, now = new Date() }: Release): Promise<string[]> {
  const found = await readNamespace(cluster, namespace);
  if (!found || !belongsTo(found, appId)) return [];
  const released: string[] = [];
  for (const [apiVersion, kind] of kinds) {
    const objects = await listObjects(cluster, apiVersion, kind, namespace);
    for (const object of objects ?? [])
      if (isStuck(object, patienceMs, now) && (await releaseObject(cluster, { ...object, apiVersion, kind })))
        released.push(describe(kind, object));
    if (objects === undefined && isOverdue(found, patienceMs, now)) released.push(...(await releaseUnreadable(cluster, namespace)));
  }
  if (await releaseNamespaceItself(cluster, found, patienceMs, now)) released.push(`Namespace ${namespace}`);
  return released;
}

/** Whether only finalizers can be what keeps it. */
function isOverdue({ deletedAt, remaining }: TenantNamespace, patienceMs: number, now: Date): boolean {
  if (deletedAt === undefined || now.getTime() - deletedAt.getTime() <= patienceMs) return false;
  return remaining.some((reason) => reason.includes('finalizers remaining'));
}

/**
 * The right to read Secrets is a binding in the namespace, which ends before what has finalizers. From then on they can't be listed, but
 * the names that the tenant program gives them are known; and in a namespace that is being deleted each of them is, too.
 */
async function releaseUnreadable({ objects }: Cluster, namespace: string): Promise<string[]> {
  const released: string[] = [];
  for (const name of tenantSecretNames) {
    const patch = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, finalizers: null } } as unknown as KubernetesObject;
    if (await whenFound(objects.patch(patch, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch)))
      released.push(`Secret ${name}`);
  }
  return released;
}

/** Empty where the cluster has no such kind; undefined where Secrets can't be read any more. */
async function listObjects(
  { objects }: Cluster,
  apiVersion: string,
  kind: string,
  namespace: string,
): Promise<KubernetesObject[] | undefined> {
  const found: KubernetesObject[] = [];
  let page: string | undefined;
  try {
    do {
      const none = undefined;
      const list = await objects.list(apiVersion, kind, namespace, none, none, none, none, none, pageSize, page);
      // Null where there are none: so API servers list metadata alone.
      found.push(...((list.items as KubernetesObject[] | null) ?? []));
      page = list.metadata?._continue;
    } while (page);
    return found;
  } catch (error) {
    if (isStatus(error, 404) || isUnknownKind(error)) return found;
    if (kind === 'Secret' && isStatus(error, 403)) return undefined;
    throw error;
  }
}

/** The client's own words for a kind that its discovery has not found. */
function isUnknownKind(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unrecognized API version and kind');
}

function isStuck({ metadata }: KubernetesObject, patienceMs: number, now: Date): boolean {
  if (metadata?.deletionTimestamp === undefined) return false;
  // Of a pod it is when its grace period is over.
  return now.getTime() - new Date(metadata.deletionTimestamp).getTime() > patienceMs;
}

/** Only this very object, of this uid: the name may be another one's by now. @returns whether there was anything to let go */
async function releaseObject({ objects, core }: Cluster, object: KubernetesObject): Promise<boolean> {
  const { name = '', namespace = '', uid, finalizers = [] } = object.metadata ?? {};
  if (finalizers.length === 0 && object.kind !== 'Pod') return false;
  try {
    if (finalizers.length > 0) {
      const patch = { ...head(object), metadata: { name, namespace, uid, finalizers: null } } as unknown as KubernetesObject;
      await whenFound(objects.patch(patch, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch));
    }
    if (object.kind === 'Pod')
      await whenFound(
        core.deleteNamespacedPod({ name, namespace, body: { gracePeriodSeconds: 0, ...(uid && { preconditions: { uid } }) } }),
      );
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

const head = ({ apiVersion, kind }: KubernetesObject) => ({ apiVersion, kind });

/** Finalizers in its metadata are somebody's; that in its spec is the namespace controller's own, and goes last. */
async function releaseNamespaceItself(
  { core, objects }: Cluster,
  { name, uid }: { name: string; uid: string },
  patienceMs: number,
  now: Date,
): Promise<boolean> {
  const { metadata } = (await whenFound(core.readNamespace({ name }))) ?? {};
  if (metadata?.uid !== uid || !metadata.finalizers?.length || !isStuck({ metadata }, patienceMs, now)) return false;
  return releaseObject({ core, objects }, { apiVersion: 'v1', kind: 'Namespace', metadata });
}

function describe(kind: string, { metadata }: KubernetesObject): string {
  const finalizers = metadata?.finalizers ?? [];
  return `${kind} ${metadata?.name ?? ''}${finalizers.length > 0 ? ` (${finalizers.join(', ')})` : ''}`;
}
