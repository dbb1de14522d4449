import { join } from 'node:path';

/** Addresses, ports and names of the one-node local cluster. All listen on the bridge's address or loopback only. */
export const clusterSettings = {
  nodeName: 'authsome-node',
  bridge: 'authsome0',
  /** The node: its address on the pod bridge, reachable from this host and from pods, from nowhere else. */
  nodeIp: '10.77.0.1',
  podCidr: '10.77.0.0/24',
  serviceCidr: '10.78.0.0/16',
  kubernetesServiceIp: '10.78.0.1',
  dnsServiceIp: '10.78.0.10',
  dnsPort: 10_053,
  dnsHealthPort: 10_054,
  clusterDomain: 'cluster.local',
  apiPort: 16_443,
  etcdPort: 12_379,
  etcdPeerPort: 12_380,
  kubeletPort: 11_250,
  kubeletHealthPort: 11_248,
  controllerManagerPort: 11_257,
  schedulerPort: 11_259,
  kubeProxyHealthPort: 11_256,
  kubeProxyMetricsPort: 11_249,
  kubeRouterHealthPort: 11_244,
  volumeProvisionerHealthPort: 11_245,
  /** Name of the CNI network, and of the nftables table that masquerades it. */
  network: 'authsome',
  /** The platform's volumes, which its own stack makes and binds. */
  storageClass: 'authsome-local',
  /** Tenants' volumes, which come and go with their claims. A class of its own: nothing that binds the one ever looks at the other. */
  tenantStorageClass: 'authsome-tenants',
  volumeProvisioner: 'authsome.cloud/local-volumes',
} as const;

/** Set in every process of the cluster, with its state folder as value: how a later run recognizes what a power cut left. */
export const clusterMarker = 'AUTHSOME_CLUSTER';

export interface ClusterPaths {
  dir: string;
  volumes: string;
  pki: string;
  logs: string;
  kubeconfigs: string;
  adminKubeconfig: string;
  etcd: string;
  kubelet: string;
  containerdRoot: string;
  containerdState: string;
  /** Sockets live under /run: their paths must stay under 108 bytes, however deep the checkout is. */
  runtimeDir: string;
  containerdSocket: string;
  cni: string;
  cniData: string;
  /** What the supervisor says of itself and its components. */
  status: string;
  supervisorPid: string;
  hostSnapshot: string;
}

export function clusterPaths({ clusterDir, volumesDir }: { clusterDir: string; volumesDir: string }): ClusterPaths {
  const runtimeDir = '/run/authsome';
  return {
    dir: clusterDir,
    volumes: volumesDir,
    pki: join(clusterDir, 'pki'),
    logs: join(clusterDir, 'logs'),
    kubeconfigs: join(clusterDir, 'kubeconfigs'),
    adminKubeconfig: join(clusterDir, 'admin.kubeconfig'),
    etcd: join(clusterDir, 'etcd'),
    kubelet: join(clusterDir, 'kubelet'),
    containerdRoot: join(clusterDir, 'containerd', 'root'),
    containerdState: join(clusterDir, 'containerd', 'state'),
    runtimeDir,
    containerdSocket: join(runtimeDir, 'containerd.sock'),
    cni: join(clusterDir, 'cni'),
    cniData: join(clusterDir, 'cni-data'),
    status: join(clusterDir, 'status.json'),
    supervisorPid: join(clusterDir, 'supervisor.pid.json'),
    hostSnapshot: join(clusterDir, 'host-before.json'),
  };
}
