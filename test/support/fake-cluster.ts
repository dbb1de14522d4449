import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';
import { kubeconfigFor, readJson, send, status } from './kubernetes-http.ts';

/** A Kubernetes object as JSON has it. */
export interface FakeObject {
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    finalizers?: string[];
    deletionTimestamp?: string;
    creationTimestamp?: string;
  };
  [field: string]: unknown;
}

/** So much of an API server as the provisioner itself asks for. Namespaces end as the real ones do: when nothing in them has finalizers. */
export interface FakeCluster {
  kubeconfig: KubeConfig;
  /** The same for a process's KUBECONFIG. */
  kubeconfigText: string;
  /** Puts an object there, such as `put('configmaps', …)`; answers its uid. */
  put(resource: string, object: FakeObject): string;
  get(resource: string, name: string, namespace?: string): FakeObject | undefined;
  remove(resource: string, name: string, namespace?: string): void;
  /** `PATCH /api/v1/namespaces/x` and the like; reads are left out. */
  writes: string[];
  /** Answers everything with 503 until it is called again with false. */
  refuse(refused: boolean): void;
  /** Lists Secrets only in namespaces that have a RoleBinding. */
  guardSecrets(): void;
  /** Takes requests and never answers, until it is called again with false. */
  hang(hanging: boolean): void;
  close(): Promise<void>;
}

const groups: Record<string, Record<string, string>> = {
  v1: {
    namespaces: 'Namespace',
    pods: 'Pod',
    configmaps: 'ConfigMap',
    secrets: 'Secret',
    services: 'Service',
    serviceaccounts: 'ServiceAccount',
    persistentvolumes: 'PersistentVolume',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    resourcequotas: 'ResourceQuota',
    limitranges: 'LimitRange',
    events: 'Event',
  },
  'apps/v1': { deployments: 'Deployment', statefulsets: 'StatefulSet', replicasets: 'ReplicaSet' },
  'networking.k8s.io/v1': { networkpolicies: 'NetworkPolicy' },
  'autoscaling/v2': { horizontalpodautoscalers: 'HorizontalPodAutoscaler' },
  'policy/v1': { poddisruptionbudgets: 'PodDisruptionBudget' },
  'rbac.authorization.k8s.io/v1': { rolebindings: 'RoleBinding' },
};

export async function startFakeCluster(): Promise<FakeCluster> {
  const objects = new Map<string, FakeObject>();
  const writes: string[] = [];
  let [refused, hanging, guarded, uids] = [false, false, false, 0];
  const keyOf = (resource: string, name: string, namespace = ''): string => `${resource} ${namespace}/${name}`;

  /** What the namespace controller does. */
  const endNamespaces = (): void => {
    for (const [key, namespace] of objects) {
      if (!key.startsWith('namespaces ') || namespace.metadata.deletionTimestamp === undefined) continue;
      const { name, finalizers = [] } = namespace.metadata;
      for (const [inner, object] of objects) {
        if (object.metadata.namespace !== name) continue;
        object.metadata.deletionTimestamp ??= namespace.metadata.deletionTimestamp;
        if (!object.metadata.finalizers?.length && !inner.startsWith('pods ')) objects.delete(inner);
      }
      const left = [...objects.values()].filter((object) => object.metadata.namespace === name);
      if (left.length === 0 && finalizers.length === 0) objects.delete(key);
      else
        namespace.status = {
          conditions: left.map(({ metadata }) => ({
            type: 'NamespaceFinalizersRemaining',
            status: 'True',
            message: `Some content in the namespace has finalizers remaining: ${metadata.finalizers?.join() ?? 'none'} in 1 resource instances`,
          })),
        };
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (hanging) return;
    if (refused) return send(response, 503, status(503));
    const url = new URL(request.url ?? '', 'http://localhost');
    const { group, namespace, resource, name } = parsePath(url.pathname);
    const kinds = groups[group];
    if (kinds === undefined) return send(response, 404, status(404));
    if (resource === '') return send(response, 200, discovery(group, kinds));
    const kind = kinds[resource] ?? '';
    const full = (object: FakeObject): object => ({ apiVersion: group, kind, ...object });
    endNamespaces();

    if (guarded && resource === 'secrets' && request.method === 'GET') {
      const bound = [...objects].some(([key, { metadata }]) => key.startsWith('rolebindings ') && metadata.namespace === namespace);
      if (!bound) return send(response, 403, status(403));
    }
    if (request.method === 'POST') {
      const object = (await readJson(request)) as FakeObject;
      writes.push(`POST ${url.pathname}/${object.metadata.name}`);
      if (namespace !== undefined) {
        const inside = objects.get(keyOf('namespaces', namespace));
        if (inside === undefined) return send(response, 404, status(404));
        if (inside.metadata.deletionTimestamp !== undefined)
          return send(response, 403, {
            ...status(403),
            message: `${kind} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
          });
      }
      const key = keyOf(resource, object.metadata.name, namespace);
      if (objects.has(key)) return send(response, 409, status(409));
      objects.set(key, { ...object, metadata: { ...object.metadata, uid: `uid-${(uids += 1)}` } });
      return send(response, 201, full(object));
    }
    if (request.method === 'GET' && name === undefined) {
      const partial = request.headers.accept?.includes('PartialObjectMetadataList') === true;
      const selector = url.searchParams.get('labelSelector')?.split(',') ?? [];
      const items = [...objects]
        .filter(([key, { metadata }]) => key.startsWith(`${resource} `) && (namespace === undefined || metadata.namespace === namespace))
        .filter(([, { metadata }]) => selector.every((label) => fits(metadata.labels ?? {}, label)))
        .map(([, object]) => (partial ? { metadata: object.metadata } : full(object)));
      const from = Number(url.searchParams.get('continue') ?? 0);
      const to = from + Number(url.searchParams.get('limit') ?? items.length);
      const more = to < items.length ? { continue: String(to) } : {};
      const head = partial
        ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList' }
        : { apiVersion: group, kind: `${kind}List` };
      return send(response, 200, {
        ...head,
        metadata: { resourceVersion: '1', ...more },
        items: partial && items.length === 0 ? null : items.slice(from, to),
      });
    }
    const key = keyOf(resource, name ?? '', namespace);
    const object = objects.get(key);
    if (request.method !== 'GET') writes.push(`${request.method} ${url.pathname}`);
    if (object === undefined) return send(response, 404, status(404));
    if (request.method === 'GET') return send(response, 200, full(object));
    const body = (await readJson(request)) as { metadata?: { uid?: string; finalizers?: null }; preconditions?: { uid?: string } };
    const uid = body.metadata?.uid ?? body.preconditions?.uid;
    if (uid !== undefined && uid !== object.metadata.uid) return send(response, 409, status(409));
    if (request.method === 'PATCH' && body.metadata?.finalizers === null) {
      delete object.metadata.finalizers;
      if (object.metadata.deletionTimestamp !== undefined && resource !== 'namespaces' && resource !== 'pods') objects.delete(key);
    } else if (request.method === 'DELETE') {
      object.metadata.deletionTimestamp ??= new Date().toISOString();
      if (resource === 'pods') objects.delete(key);
    } else return send(response, 405, status(405));
    endNamespaces();
    return send(response, 200, full(object));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = kubeconfigFor((server.address() as AddressInfo).port);

  return {
    kubeconfig: config,
    kubeconfigText: config.exportConfig(),
    put(resource, object) {
      const uid = object.metadata.uid ?? `uid-${(uids += 1)}`;
      objects.set(keyOf(resource, object.metadata.name, object.metadata.namespace), { ...object, metadata: { ...object.metadata, uid } });
      return uid;
    },
    get(resource, name, namespace) {
      endNamespaces();
      return objects.get(keyOf(resource, name, namespace));
    },
    remove: (resource, name, namespace) => void objects.delete(keyOf(resource, name, namespace)),
    writes,
    refuse: (value) => {
      refused = value;
    },
    guardSecrets: () => {
      guarded = true;
    },
    hang: (value) => {
      hanging = value;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `/api/v1/namespaces/x/pods/y`, `/apis/apps/v1/…`, `/api/v1/namespaces/x`. */
function parsePath(path: string): { group: string; namespace: string | undefined; resource: string; name: string | undefined } {
  const [api, ...rest] = path.split('/').slice(1);
  const group = api === 'api' ? (rest.shift() ?? '') : `${rest.shift()}/${rest.shift()}`;
  if (rest[0] === 'namespaces' && rest.length > 2) return { group, namespace: rest[1], resource: rest[2] ?? '', name: rest[3] };
  return { group, namespace: undefined, resource: rest[0] ?? '', name: rest[1] };
}

function fits(labels: Record<string, string>, selector: string): boolean {
  const [name = '', value] = selector.split('=');
  return value === undefined ? name in labels : labels[name] === value;
}

function discovery(group: string, kinds: Record<string, string>): object {
  const resources = Object.entries(kinds).map(([name, kind]) => ({
    ...{ name, kind, singularName: '', namespaced: !['namespaces', 'persistentvolumes'].includes(name), verbs: [] },
  }));
  return { apiVersion: 'v1', kind: 'APIResourceList', groupVersion: group, resources };
}
