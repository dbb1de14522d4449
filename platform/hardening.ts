import type { input } from '@pulumi/kubernetes/types/index.js';
import { defaultEphemeralStorage } from './resource-settings.ts';

/** Users of the images. */
export const uids = { app: 10_001, postgres: 999, redis: 999, nats: 999, nobody: 65_534, grafana: 472 } as const;

/** What Pod Security `restricted` asks of a pod. */
export function podSecurity(uid: number): input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup: uid,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** No privilege, no capability, nothing to write outside of the volumes. */
export const containerSecurity: input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

export interface PodResources {
  cpu: string;
  cpuRequest: string;
  memory: string;
  memoryRequest: string;
  ephemeralStorage?: string | undefined;
  ephemeralStorageRequest?: string | undefined;
}

export function resources(settings: PodResources): input.core.v1.ResourceRequirements {
  const { cpu, cpuRequest, memory, memoryRequest, ephemeralStorageRequest = defaultEphemeralStorage.request } = settings;
  return {
    limits: { cpu, memory, 'ephemeral-storage': ephemeralStorageOf(settings) },
    requests: { cpu: cpuRequest, memory: memoryRequest, 'ephemeral-storage': ephemeralStorageRequest },
  };
}

/** A folder on the node that is empty at each start, and no larger than what its pod may use there. */
export function scratchVolume(name: string, settings: Pick<PodResources, 'ephemeralStorage'>): input.core.v1.Volume {
  return { name, emptyDir: { sizeLimit: ephemeralStorageOf(settings) } };
}

function ephemeralStorageOf({ ephemeralStorage = defaultEphemeralStorage.limit }: Pick<PodResources, 'ephemeralStorage'>): string {
  return ephemeralStorage;
}

/** Labels of one part of the platform; `app.kubernetes.io/name` is what network policies select by. */
export function labels(name: string, instance = name): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': instance, 'app.kubernetes.io/part-of': 'authsome' };
}

/** Prometheus scrapes every port of the platform's pods that has this name. */
export const metricsPortName = 'metrics';

/** A Service with a selector otherwise costs a hard 10 s wait; the workload's own readiness is the real signal. */
export const skipAwait = { 'pulumi.com/skipAwait': 'true' };
