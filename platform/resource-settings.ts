import { z } from 'zod';

/** What a pod may use and what is set aside for it, as Kubernetes quantities. */
export const podResources = z.strictObject({ cpu: z.string(), cpuRequest: z.string(), memory: z.string(), memoryRequest: z.string() });

/** A server with a volume. */
export const dataServiceSettings = podResources.extend({ storage: z.string() });

/** A service without one. */
export const workloadSettings = podResources.extend({ replicas: z.int().min(1).max(50) });
