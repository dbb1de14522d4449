import { dirname } from 'node:path';
import type { types } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';
import { databaseCaFile } from './database-objects.ts';
import { ephemeralStorage } from './ephemeral-storage.ts';
import { containerSecurityContext, podDefaults, podSecurityContext, uids } from './pod-security.ts';
import { ports } from '../domain/tenant-ports.ts';
import type { TenantSpec } from './spec.ts';
import { workloadSelector } from './tenant-context.ts';

type PodSpec = types.input.core.v1.PodSpec;

export interface InstancePodArgs {
  spec: TenantSpec;
  serviceAccountName: Output<string>;
  configMapName: Output<string>;
  secretName: Output<string>;
  /** ConfigMap with the database server's authority. */
  databaseCaName: Output<string> | undefined;
}

/**
 * The time that the nodes need to learn that a pod is ending, before its process is told: until then they still send it connections,
 * and it must accept them.
 */
const endpointsGoneSeconds = 3;
/** The process' own shutdown takes 30 s at most. */
const shutdownSeconds = 30;

/** The instance's pods. The process migrates its schema before it listens, so before it is ready. */
export function instancePodSpec({ spec, serviceAccountName, configMapName, secretName, databaseCaName }: InstancePodArgs): PodSpec {
  const { cpu, cpuRequest, memory, memoryRequest, maxReplicas } = spec.resources;
  return {
    ...podDefaults,
    serviceAccountName,
    priorityClassName: spec.cluster.priorityClass,
    terminationGracePeriodSeconds: endpointsGoneSeconds + shutdownSeconds + 2,
    securityContext: podSecurityContext(uids.instance),
    containers: [
      {
        name: 'instance',
        image: spec.images.instance,
        imagePullPolicy: spec.images.pullPolicy,
        command: ['node', '/app/main.mjs'],
        envFrom: [{ configMapRef: { name: configMapName } }, { secretRef: { name: secretName } }],
        ports: [
          { name: 'http', containerPort: ports.http },
          { name: 'metrics', containerPort: ports.metrics },
        ],
        securityContext: containerSecurityContext,
        resources: {
          requests: { cpu: cpuRequest, memory: memoryRequest, 'ephemeral-storage': ephemeralStorage.instance.request },
          limits: { cpu, memory, 'ephemeral-storage': ephemeralStorage.instance.limit },
        },
        lifecycle: { preStop: { sleep: { seconds: endpointsGoneSeconds } } },
        // Each second until it is up, so that readiness is seen at once; then at ease.
        startupProbe: probe('/ready', { periodSeconds: 1, failureThreshold: 90 }),
        readinessProbe: probe('/ready', { periodSeconds: 3, failureThreshold: 2 }),
        livenessProbe: probe('/health', { periodSeconds: 10, failureThreshold: 3 }),
        volumeMounts: [
          { name: 'tmp', mountPath: '/tmp' },
          ...(databaseCaName ? [{ name: 'database-ca', mountPath: dirname(databaseCaFile), readOnly: true }] : []),
        ],
      },
    ],
    ...(maxReplicas > 1 && { topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(spreadOver) }),
    volumes: [
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
      ...(databaseCaName ? [{ name: 'database-ca', configMap: { name: databaseCaName } }] : []),
    ],
  };
}

/** One zone's or node's end should not be the end of all replicas; where there is but one, they run there. */
function spreadOver(topologyKey: string): types.input.core.v1.TopologySpreadConstraint {
  return {
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: workloadSelector('instance') },
    // Pods of the version before, which are about to end, don't count.
    matchLabelKeys: ['pod-template-hash'],
  };
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }): types.input.core.v1.Probe {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 2, ...timing };
}
