import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import { enforcedLabels } from '../../../tenant-program/namespace.ts';
import { provisionerAccount, tenantSecretsRole } from '../../../domain/tenant-secrets.ts';
import type { TenantSpec } from '../../../tenant-program/spec.ts';
import { tenantNames } from '../../../tenant-program/names.ts';
import type { Cluster } from './connect-cluster.ts';
import { isStatus } from './when-found.ts';

export interface OpenSecrets {
  spec: Pick<TenantSpec, 'appId' | 'database'>;
  /** Where the provisioner's service account is. */
  systemNamespace: string;
  /** Makes a namespace that is missing: the stack of one that somebody deleted can't be read otherwise. */
  makeNamespace: boolean;
  /** Aborted to stop the wait. */
  signal: AbortSignal;
}

/** API servers learn of a new right within milliseconds, several of them within a second. */
const limitMs = 10_000;
const intervalMs = 50;

/**
 * Lets this process read the Secrets in an application's namespace, as Pulumi does whenever it compares a stack with the cluster. The right
 * is a RoleBinding in that namespace; nowhere else may the provisioner read a Secret. One that is there already costs one request.
 *
 * Where the namespace is missing nothing is done, unless it is asked for: a first `up` makes all Secrets without reading one.
 *
 * @returns whether Secrets can be read there
 * @throws ApiException where the API server refuses the binding, or does not answer
 */
export async function openSecrets(cluster: Cluster, { spec, systemNamespace, makeNamespace, signal }: OpenSecrets): Promise<boolean> {
  const { namespace } = tenantNames(spec.appId);
  if (await canReadSecrets(cluster, namespace)) return true;
  if (makeNamespace) await createOnce(cluster, namespaceOf(spec, namespace));
  if (!(await createOnce(cluster, bindingIn(namespace, systemNamespace)))) return false;
  const deadline = performance.now() + limitMs;
  while (!(await canReadSecrets(cluster, namespace))) {
    if (performance.now() > deadline) return false;
    await delay(intervalMs, undefined, { signal });
  }
  return true;
}

/** Of one Secret at most the name is answered. */
async function canReadSecrets({ objects }: Cluster, namespace: string): Promise<boolean> {
  const none = undefined;
  try {
    await objects.list('v1', 'Secret', namespace, none, none, none, none, none, 1);
    return true;
  } catch (error) {
    if (isStatus(error, 403)) return false;
    throw error;
  }
}

/** @returns false where its namespace is missing, or on its way out */
async function createOnce({ objects }: Cluster, object: KubernetesObject): Promise<boolean> {
  try {
    await objects.create(object);
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return true;
    if (isStatus(error, 404) || isTerminating(error)) return false;
    throw error;
  }
}

function isTerminating(error: unknown): boolean {
  return isStatus(error, 403) && /because it is being terminated/.test((error as Error).message);
}

function namespaceOf(spec: OpenSecrets['spec'], name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: enforcedLabels(spec) } };
}

function bindingIn(namespace: string, systemNamespace: string): KubernetesObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata: { name: provisionerAccount, namespace, labels: { 'app.kubernetes.io/part-of': 'authsome' } },
    roleRef: { apiGroup, kind: 'ClusterRole', name: tenantSecretsRole },
    subjects: [{ kind: 'ServiceAccount', name: provisionerAccount, namespace: systemNamespace }],
  } as KubernetesObject;
}
