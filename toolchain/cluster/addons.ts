import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../tools/run-command.ts';
import { clusterSettings as s } from './settings.ts';

/** The first stage of components that needs these objects; the stages before bring up what they are stored in. */
export const addonStage = 3;

const attempts = 10;

/** Applies the objects a bare cluster lacks: rights of its components, cluster DNS, storage classes. Server-side apply: a second time changes nothing. */
export async function applyAddons({ kubectl, kubeconfig }: { kubectl: string; kubeconfig: string }): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: addons() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runCommand(kubectl, ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
        stdin: 'pipe',
        input: JSON.stringify(list),
      });
      return;
    } catch (error) {
      // A new API server makes its own namespaces a moment after it is ready.
      if (attempt === attempts) throw error;
      await delay(500);
    }
  }
}

function addons(): object[] {
  return [
    ...clusterRole('authsome:kube-router', [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'nodes', 'endpoints'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'watch'] },
    ]),
    ...clusterRole('authsome:coredns', [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'endpoints'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ]),
    ...clusterRole('authsome:volume-provisioner', [
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['list', 'watch', 'create', 'delete'] },
    ]),
    binding('authsome:kubelet-api', 'system:kubelet-api-admin', 'kube-apiserver-kubelet-client'),
    ...clusterDns(),
    storageClass(s.storageClass, { provisioner: 'kubernetes.io/no-provisioner' }),
    storageClass(s.tenantStorageClass, { provisioner: s.volumeProvisioner, reclaimPolicy: 'Delete' }),
  ];
}

function storageClass(name: string, { provisioner, reclaimPolicy }: { provisioner: string; reclaimPolicy?: string }): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    reclaimPolicy,
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

/** CoreDNS runs on the host; a Service without selector gives it the address that pods are told. */
function clusterDns(): object[] {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' };
  const ports = (['UDP', 'TCP'] as const).map((protocol) => ({ name: protocol === 'UDP' ? 'dns' : 'dns-tcp', protocol }));
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: { clusterIP: s.dnsServiceIp, ports: ports.map((port) => ({ ...port, port: 53, targetPort: s.dnsPort })) },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kube-dns-host', namespace: 'kube-system', labels: { ...labels, 'kubernetes.io/service-name': 'kube-dns' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [s.nodeIp], conditions: { ready: true } }],
      ports: ports.map((port) => ({ ...port, port: s.dnsPort })),
    },
  ];
}

function clusterRole(name: string, rules: object[]): object[] {
  return [{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules }, binding(name, name, name)];
}

function binding(name: string, role: string, user: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  };
}
