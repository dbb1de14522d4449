import { z } from 'zod';

/** What a pod may use and what is set aside for it, as Kubernetes quantities. */
export const podResources = z.strictObject({
  cpu: z.string(),
  cpuRequest: z.string(),
  memory: z.string(),
  memoryRequest: z.string(),
  /** Of the node's disk: logs and temporary files. A pod beyond it is ended. Absent: `defaultEphemeralStorage`. */
  ephemeralStorage: z.string().optional(),
  ephemeralStorageRequest: z.string().optional(),
});

/** The log of a container alone may take 50 MiB: the kubelet keeps five files of 10 MiB. */
export const defaultEphemeralStorage = { limit: '1Gi', request: '64Mi' } as const;

/** A server with a volume. */
export const dataServiceSettings = podResources.extend({ storage: z.string() });

/** A service without one. */
export const workloadSettings = podResources.extend({
  replicas: z.int().min(1).max(50),
  /** Between how many replicas an autoscaler chooses, where the cluster measures what it goes by; else there are always `replicas`. */
  autoscale: z.strictObject({ min: z.int().min(1).max(50), max: z.int().min(2).max(100) }).optional(),
  /** How many must go on while nodes are emptied; absent: all but one. A single one may always be moved. */
  minAvailable: z.int().min(1).optional(),
});
