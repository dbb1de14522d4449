import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import { priorities } from './cluster/priority-classes.ts';
import { apart, clusterPeers, podName } from './cluster-peers.ts';
import { containerSecurity, labels, podSecurity, resources, scratchVolume, skipAwait } from './hardening.ts';
import { ingressPolicy } from './ingress-policy.ts';
import type { IngressPolicyArgs } from './ingress-policy.ts';
import { localVolume } from './local-volume.ts';
import type { DataServiceSettings, PlatformSettings } from './settings.ts';
import { stringData } from './string-data.ts';

export interface DataServiceArgs {
  namespace: pulumi.Input<string>;
  settings: DataServiceSettings;
  storage: PlatformSettings['storage'];
  volumesDir: string;
  /** `app.kubernetes.io/name`: what kind of server this is. */
  kind: 'postgres' | 'redis' | 'nats' | 'prometheus' | 'alertmanager' | 'jaeger' | 'loki';
  image: string;
  imagePullPolicy: string;
  uid: number;
  port: number;
  /** Beside `port`; who may connect to them is for a policy of the caller's. */
  morePorts?: readonly { name: string; port: number }[];
  /** Shows `port` on the local node. */
  nodePort?: number | undefined;
  /** Without one the pod gets no token of the API server. */
  serviceAccount?: pulumi.Input<string>;
  /** The volume's claim goes when the server does: what it holds is not worth keeping. */
  expendable?: boolean;
  from: IngressPolicyArgs['from'];
  command?: string[];
  args?: string[];
  /** Becomes a Secret that the pod sees as files in /etc/authsome. */
  files?: Record<string, pulumi.Input<string>>;
  env?: input.core.v1.EnvVar[];
  /** Where the data volume is mounted. */
  dataPath: string;
  /** Folders that the server must be able to write besides its data. */
  scratch: string[];
  /** Whether it has started, and then whether it takes requests and lives: absent, the first, and whether its port is open. */
  probe: input.core.v1.Probe;
  probes?: { readiness: input.core.v1.Probe; liveness: input.core.v1.Probe };
  /** Servers that find each other at `NAME-N.NAME-peers` and this port; absent: one. */
  cluster?: { replicas: number; peerPort: number } | undefined;
  terminationGracePeriodSeconds: number;
}

/** One stateful server of the platform, or a cluster of them: StatefulSet with volumes, Service, Secret and the policy that says who may connect. */
export class DataService extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: DataServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:DataService', name, {}, options);
    const child = { parent: this };
    const { namespace } = args;
    const podLabels = labels(args.kind, name);
    const metadata = { name, namespace, labels: podLabels };
    const ports = [{ name: args.kind as string, port: args.port }, ...(args.morePorts ?? [])];
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: stringData(args.files) }, child);
    const { localVolumes, storageClass } = args.storage;
    if (localVolumes !== undefined) {
      const claim = { namespace, name: `data-${name}-0` };
      localVolume(
        { name, claim, volumesDir: args.volumesDir, storageClass: storageClass ?? '', storage: args.settings.storage, ...localVolumes },
        child,
      );
    }
    const peers = args.cluster === undefined ? undefined : clusterPeers({ namespace, name, ...args.cluster }, child);
    const stateful = new kubernetes.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: peers?.metadata.name ?? name,
          replicas: args.cluster?.replicas ?? 1,
          // None of a cluster is ready by itself, so none may wait for another. And where pods are made in order, one that never became
          // ready is not replaced by its correction. What keeps data stays as it was made: another policy is another StatefulSet.
          podManagementPolicy: peers !== undefined || args.expendable === true ? 'Parallel' : undefined,
          persistentVolumeClaimRetentionPolicy: args.expendable === true ? { whenDeleted: 'Delete', whenScaled: 'Retain' } : undefined,
          selector: { matchLabels: { 'app.kubernetes.io/instance': name } },
          template: {
            metadata: {
              labels: podLabels,
              // A changed password or configuration starts the server anew.
              annotations: { 'authsome.cloud/config-checksum': checksum(args.files ?? {}) },
            },
            spec: {
              serviceAccountName: args.serviceAccount,
              automountServiceAccountToken: args.serviceAccount !== undefined,
              enableServiceLinks: false,
              securityContext: podSecurity(args.uid),
              priorityClassName: priorities.data.name,
              terminationGracePeriodSeconds: args.terminationGracePeriodSeconds,
              ...(peers && apart(name)),
              containers: [
                {
                  name: args.kind,
                  image: args.image,
                  imagePullPolicy: args.imagePullPolicy,
                  command: args.command,
                  args: args.args,
                  env: [...(args.env ?? []), ...(peers ? [podName] : [])],
                  ports: [
                    ...ports.map(({ name, port }) => ({ name, containerPort: port })),
                    ...(args.cluster ? [{ name: 'peers', containerPort: args.cluster.peerPort }] : []),
                  ],
                  resources: resources(args.settings),
                  securityContext: containerSecurity,
                  startupProbe: { ...args.probe, periodSeconds: 1, failureThreshold: 120 },
                  readinessProbe: { ...(args.probes?.readiness ?? args.probe), periodSeconds: 5, failureThreshold: 3 },
                  // Two minutes, and less is asked than for readiness: a server that is slow, or recovers from a crash, must not be ended for it.
                  livenessProbe: {
                    timeoutSeconds: 5,
                    ...(args.probes?.liveness ?? { tcpSocket: { port: args.port } }),
                    periodSeconds: 10,
                    failureThreshold: 12,
                  },
                  volumeMounts: [
                    { name: 'data', mountPath: args.dataPath },
                    { name: 'config', mountPath: '/etc/authsome', readOnly: true },
                    ...args.scratch.map((path, index) => ({ name: `scratch-${index}`, mountPath: path })),
                  ],
                },
              ],
              volumes: [
                { name: 'config', secret: { secretName: secret.metadata.name, defaultMode: 0o440 } },
                ...args.scratch.map((_, index) => scratchVolume(`scratch-${index}`, args.settings)),
              ],
            },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: storageClass,
                resources: { requests: { storage: args.settings.storage } },
              },
            },
          ],
        },
      },
      { ...child, customTimeouts: { create: '3m', update: '3m', delete: '2m' } },
    );
    const service = new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: {
          selector: { 'app.kubernetes.io/instance': name },
          ports: [...ports],
        },
      },
      child,
    );
    if (args.nodePort !== undefined) nodePortService({ ...metadata, name: `${name}-node` }, { ...args, nodePort: args.nodePort }, child);
    ingressPolicy({ namespace, instance: name, port: args.port, from: args.from }, child);
    // The address is known at once, but nobody should have it before the server answers.
    this.host = pulumi
      .all([service.metadata, stateful.metadata])
      .apply(([{ name: host, namespace: inside }]) => `${host}.${inside}.svc.cluster.local`);
    this.registerOutputs();
  }
}

/** Apart from the Service inside the cluster: of that one, every port would be on the node. */
function nodePortService(
  metadata: { name: string; namespace: pulumi.Input<string>; labels: Record<string, string> },
  { kind, port, nodePort }: { kind: string; port: number; nodePort: number },
  options: pulumi.CustomResourceOptions,
): void {
  const selector = { 'app.kubernetes.io/instance': metadata.labels['app.kubernetes.io/instance'] ?? '' };
  const spec = { type: 'NodePort', selector, ports: [{ name: kind, port, nodePort }] };
  new kubernetes.core.v1.Service(metadata.name, { metadata: { ...metadata, annotations: skipAwait }, spec }, options);
}

function checksum(files: Record<string, pulumi.Input<string>>): pulumi.Output<string> {
  return pulumi.unsecret(
    pulumi
      .output(files)
      .apply(async (content) => (await import('node:crypto')).createHash('sha256').update(JSON.stringify(content)).digest('hex')),
  );
}
