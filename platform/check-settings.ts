import { scaling } from './scaling.ts';
import type { ScaledBy } from './scaling.ts';
import type { PlatformSettings } from './settings.ts';

export interface SettingsProblem {
  path: string[];
  message: string;
}

const scaledBy: Record<keyof PlatformSettings['workloads'], ScaledBy> = { controlApi: 'load', proxy: 'load', provisioner: 'jobs' };

/** Rules that hold between the settings: each is fine by itself, and together they would not work. */
export function checkSettings(settings: PlatformSettings): SettingsProblem[] {
  return Object.entries(settings.workloads).flatMap(([name, workload]) => {
    const path = ['workloads', name];
    const { autoscale, minAvailable } = workload;
    const { atLeast } = scaling(workload, scaledBy[name as keyof typeof scaledBy], settings);
    return [
      ...problem(autoscale !== undefined && autoscale.max <= autoscale.min, [...path, 'autoscale'], 'max must be above min'),
      ...problem(
        minAvailable !== undefined && atLeast > 1 && minAvailable >= atLeast,
        [...path, 'minAvailable'],
        `must be below the ${atLeast} replicas that there are, or no node could be emptied`,
      ),
    ];
  });
}

function problem(broken: boolean, path: string[], message: string): SettingsProblem[] {
  return broken ? [{ path, message }] : [];
}
