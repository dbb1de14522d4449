import { join } from 'node:path';
import { clusterSettings as s } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

/** How the supervisor learns that a component serves. */
export type Readiness =
  | { kind: 'http'; url: string }
  | { kind: 'https'; url: string; ca: string; certificate: string; key: string; contains?: string }
  | { kind: 'socket'; path: string };

export interface Component {
  name: string;
  command: string;
  args: readonly string[];
  /** Components are started in order; those of one stage together, and the next stage when they are ready. */
  stage: number;
  readiness: Readiness;
  /** Time to end after SIGTERM before SIGKILL. */
  stopMs: number;
  /** Files of this repository that it runs: another content is another version of it. */
  sources?: readonly string[];
}

/** Paths of the programs: built Go tools by name; what is not among them comes from PATH (etcd and containerd, from Debian) or is a path. */
export type ProgramPath = (program: string) => string;

/** The processes of a one-node cluster, with the flags this kind of machine needs. */
export function clusterComponents(paths: ClusterPaths, program: ProgramPath): Component[] {
  const pki = (name: string): string => join(paths.pki, name);
  const kubeconfig = (name: string): string => `--kubeconfig=${join(paths.kubeconfigs, `${name}.kubeconfig`)}`;
  const local = (port: number, path: string): Readiness => ({ kind: 'http', url: `http://127.0.0.1:${port}${path}` });
  const localTls = (url: string, client: string, ca = 'ca.crt'): Extract<Readiness, { kind: 'https' }> => ({
    kind: 'https',
    url,
    ca: pki(ca),
    certificate: pki(`${client}.crt`),
    key: pki(`${client}.key`),
  });
  return [
    {
      name: 'containerd',
      command: program('containerd'),
      args: ['--config', join(paths.dir, 'containerd.toml')],
      stage: 0,
      readiness: { kind: 'socket', path: paths.containerdSocket },
      stopMs: 10_000,
    },
    {
      name: 'etcd',
      command: program('etcd'),
      args: [
        `--data-dir=${paths.etcd}`,
        `--listen-client-urls=https://127.0.0.1:${s.etcdPort}`,
        `--advertise-client-urls=https://127.0.0.1:${s.etcdPort}`,
        `--listen-peer-urls=http://127.0.0.1:${s.etcdPeerPort}`,
        `--cert-file=${pki('etcd-server.crt')}`,
        `--key-file=${pki('etcd-server.key')}`,
        '--client-cert-auth',
        `--trusted-ca-file=${pki('etcd-ca.crt')}`,
        '--auto-compaction-retention=1',
        // A small cluster's data; compaction alone never gives disk space back.
        '--quota-backend-bytes=2147483648',
      ],
      stage: 0,
      readiness: localTls(`https://127.0.0.1:${s.etcdPort}/health`, 'etcd-client', 'etcd-ca.crt'),
      stopMs: 10_000,
    },
    {
      name: 'kube-apiserver',
      command: program('kube-apiserver'),
      args: [
        `--etcd-servers=https://127.0.0.1:${s.etcdPort}`,
        `--etcd-cafile=${pki('etcd-ca.crt')}`,
        `--etcd-certfile=${pki('etcd-client.crt')}`,
        `--etcd-keyfile=${pki('etcd-client.key')}`,
        `--bind-address=${s.nodeIp}`,
        `--advertise-address=${s.nodeIp}`,
        `--secure-port=${s.apiPort}`,
        `--tls-cert-file=${pki('apiserver.crt')}`,
        `--tls-private-key-file=${pki('apiserver.key')}`,
        `--client-ca-file=${pki('ca.crt')}`,
        `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
        `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
        `--kubelet-certificate-authority=${pki('ca.crt')}`,
        '--kubelet-preferred-address-types=InternalIP',
        `--service-account-key-file=${pki('service-account.key')}`,
        `--service-account-signing-key-file=${pki('service-account.key')}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        '--authorization-mode=Node,RBAC',
        '--enable-admission-plugins=NodeRestriction',
        '--anonymous-auth=false',
        `--service-cluster-ip-range=${s.serviceCidr}`,
        '--profiling=false',
        // Ends watches at once instead of waiting a minute for them: `down` is quick.
        '--shutdown-send-retry-after=false',
      ],
      stage: 1,
      readiness: localTls(`https://${s.nodeIp}:${s.apiPort}/readyz`, 'admin'),
      stopMs: 10_000,
    },
    {
      name: 'kube-controller-manager',
      command: program('kube-controller-manager'),
      args: [
        kubeconfig('controller-manager'),
        `--service-account-private-key-file=${pki('service-account.key')}`,
        `--root-ca-file=${pki('ca.crt')}`,
        '--use-service-account-credentials',
        '--allocate-node-cidrs',
        `--cluster-cidr=${s.podCidr}`,
        '--node-cidr-mask-size=24',
        `--service-cluster-ip-range=${s.serviceCidr}`,
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${s.controllerManagerPort}`,
        `--tls-cert-file=${pki('controller-manager.crt')}`,
        `--tls-private-key-file=${pki('controller-manager.key')}`,
        '--profiling=false',
      ],
      stage: 2,
      readiness: localTls(`https://127.0.0.1:${s.controllerManagerPort}/healthz`, 'admin'),
      stopMs: 5_000,
    },
    {
      name: 'kube-scheduler',
      command: program('kube-scheduler'),
      args: [
        kubeconfig('scheduler'),
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${s.schedulerPort}`,
        `--tls-cert-file=${pki('scheduler.crt')}`,
        `--tls-private-key-file=${pki('scheduler.key')}`,
        '--profiling=false',
      ],
      stage: 2,
      readiness: localTls(`https://127.0.0.1:${s.schedulerPort}/healthz`, 'admin'),
      stopMs: 5_000,
    },
    {
      name: 'kube-proxy',
      command: program('kube-proxy'),
      args: [
        kubeconfig('kube-proxy'),
        `--hostname-override=${s.nodeName}`,
        '--proxy-mode=nftables',
        `--cluster-cidr=${s.podCidr}`,
        `--healthz-bind-address=127.0.0.1:${s.kubeProxyHealthPort}`,
        `--metrics-bind-address=127.0.0.1:${s.kubeProxyMetricsPort}`,
        // The kernel's table size is left as it is: a container may not set it.
        '--conntrack-max-per-core=0',
        '--conntrack-tcp-timeout-established=0s',
        '--conntrack-tcp-timeout-close-wait=0s',
      ],
      stage: 3,
      readiness: local(s.kubeProxyHealthPort, '/livez'),
      stopMs: 5_000,
    },
    {
      name: 'kube-router',
      command: program('kube-router'),
      args: [
        kubeconfig('kube-router'),
        `--hostname-override=${s.nodeName}`,
        '--run-firewall=true',
        '--run-router=false',
        '--run-service-proxy=false',
        '--run-loadbalancer=false',
        '--enable-cni=false',
        `--service-cluster-ip-range=${s.serviceCidr}`,
        `--health-port=${s.kubeRouterHealthPort}`,
        '--metrics-port=0',
      ],
      stage: 4,
      readiness: local(s.kubeRouterHealthPort, '/healthz'),
      stopMs: 5_000,
    },
    {
      name: 'volume-provisioner',
      command: process.execPath,
      args: [join(import.meta.dirname, 'volume-provisioner.ts'), kubeconfig('volume-provisioner'), `--volumes=${paths.volumes}`],
      stage: 4,
      readiness: local(s.volumeProvisionerHealthPort, '/health'),
      stopMs: 5_000,
      sources: [
        'volume-provisioner.ts',
        ...['plan-volumes.ts', 'reconcile-volumes.ts', 'volume-folders.ts', 'watch-changes.ts'].map((file) => join('volumes', file)),
      ].map((file) => join(import.meta.dirname, file)),
    },
    {
      name: 'coredns',
      command: program('coredns'),
      args: ['-conf', join(paths.dir, 'Corefile')],
      stage: 3,
      readiness: local(s.dnsHealthPort, '/health'),
      stopMs: 5_000,
    },
    {
      name: 'kubelet',
      command: program('kubelet'),
      args: [
        `--config=${join(paths.dir, 'kubelet.yaml')}`,
        kubeconfig('kubelet'),
        `--root-dir=${paths.kubelet}`,
        `--hostname-override=${s.nodeName}`,
        `--node-ip=${s.nodeIp}`,
      ],
      stage: 3,
      // Registered, and with the pod range that kube-router will not start without.
      readiness: { ...localTls(`https://${s.nodeIp}:${s.apiPort}/api/v1/nodes/${s.nodeName}`, 'admin'), contains: '"podCIDR"' },
      stopMs: 5_000,
    },
  ];
}
