import type { PlatformSettings, WorkloadSettings } from './settings.ts';

/** What the number of pods follows: how busy they are, or how many jobs there are for them. */
export type ScaledBy = 'load' | 'jobs';

export interface Scaling {
  /** Undefined where an autoscaler decides: left out of the Deployment, no `up` resets what it has set. */
  replicas: number | undefined;
  autoscaled: { min: number; max: number } | undefined;
  /** Replicas that there are at any time. */
  atLeast: number;
}

/** How many pods of a workload there are, and who decides. */
export function scaling({ replicas, autoscale }: WorkloadSettings, by: ScaledBy, settings: PlatformSettings): Scaling {
  const measured = by === 'load' ? settings.tenants.metricsApi : settings.queueScaling !== undefined;
  return autoscale !== undefined && measured
    ? { replicas: undefined, autoscaled: autoscale, atLeast: autoscale.min }
    : { replicas, autoscaled: undefined, atLeast: replicas };
}
