import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { clusterSettings as s } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

/** Image of the pause container, imported before the first pod. */
export interface NodeImages {
  pause: string;
}

/** Writes the configuration files of the components; they are derived from settings alone, so they are written anew at every start. */
export async function writeConfiguration(paths: ClusterPaths, images: NodeImages): Promise<void> {
  await mkdir(paths.cni, { recursive: true });
  await Promise.all([
    writeFile(join(paths.dir, 'containerd.toml'), containerdToml(paths, images)),
    writeFile(join(paths.dir, 'kubelet.yaml'), stringify(kubeletConfiguration(paths))),
    writeFile(join(paths.cni, '10-authsome.conflist'), JSON.stringify(networkConfiguration(paths), undefined, 2)),
    writeFile(join(paths.dir, 'Corefile'), await corefile(paths)),
  ]);
}

/**
 * `restrict_oom_score_adj`: where CAP_SYS_RESOURCE is missing (a container, some virtual machines) runc dies without it.
 * `netns_mounts_under_state_dir`: network namespaces stay in our folder, where cleaning up finds them.
 */
function containerdToml(paths: ClusterPaths, images: NodeImages): string {
  return `version = 2
root = "${paths.containerdRoot}"
state = "${paths.containerdState}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]

[grpc]
  address = "${paths.containerdSocket}"

[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "${images.pause}"
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${paths.cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

function kubeletConfiguration(paths: ClusterPaths): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
    address: s.nodeIp,
    port: s.kubeletPort,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: s.kubeletHealthPort,
    tlsCertFile: join(paths.pki, 'kubelet-server.crt'),
    tlsPrivateKeyFile: join(paths.pki, 'kubelet-server.key'),
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: join(paths.pki, 'ca.crt') } },
    authorization: { mode: 'Webhook' },
    clusterDomain: s.clusterDomain,
    clusterDNS: [s.dnsServiceIp],
    cgroupDriver: 'cgroupfs',
    // cgroup v1 hosts, and hosts that are containers themselves: no hierarchy of ours per QoS class.
    failCgroupV1: false,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // Images come from this checkout, not from a registry: a collected one could not be pulled again.
    imageGCHighThresholdPercent: 100,
    podLogsDir: join(paths.dir, 'pod-logs'),
    maxPods: 200,
    // A server that ended again and again is back within this time, however often it did; the default lets it wait for 5 minutes.
    crashLoopBackOff: { maxContainerRestartPeriod: '10s' },
    registryPullQPS: 0,
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
    serializeImagePulls: false,
    // Pod status reaches the API server at once; the default 1 min of node status is for fleets.
    nodeStatusUpdateFrequency: '10s',
    volumePluginDir: join(paths.kubelet, 'volume-plugins'),
    shutdownGracePeriod: '0s',
  };
}

/** No ipMasq: the plugin's iptables chains outlive a power cut; one nftables rule of ours masquerades the whole pod network. */
function networkConfiguration(paths: ClusterPaths): object {
  return {
    cniVersion: '1.0.0',
    name: s.network,
    plugins: [
      {
        type: 'bridge',
        bridge: s.bridge,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: paths.cniData,
          ranges: [[{ subnet: s.podCidr, rangeStart: '10.77.0.10', rangeEnd: '10.77.0.250' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

async function corefile(paths: ClusterPaths): Promise<string> {
  const forward = (await upstreamResolvers()).length > 0 ? '  forward . /etc/resolv.conf\n' : '';
  return `.:${s.dnsPort} {
  bind ${s.nodeIp} 127.0.0.1
  errors
  health 127.0.0.1:${s.dnsHealthPort}
  kubernetes ${s.clusterDomain} in-addr.arpa ip6.arpa {
    kubeconfig ${join(paths.kubeconfigs, 'coredns.kubeconfig')} authsome-local
    pods insecure
    ttl 5
  }
${forward}  cache 5
}
`;
}

async function upstreamResolvers(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => String(match[1])).filter((address) => isIP(address) !== 0);
}
