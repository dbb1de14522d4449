import { plannedPods } from './planned-pods.ts';
import { violation } from './policy.ts';
import type { Policy } from './policy.ts';

/** One container without limits can take a node from all others; one without requests is placed where there is no room. */
export const boundedContainers: Policy = {
  name: 'bounded-containers',
  rule: 'Every container has requests and limits for processor and memory.',
  check: (plan) =>
    plannedPods(plan).flatMap(({ resource, containers }) =>
      containers.flatMap(({ name, resources }) =>
        (['requests', 'limits'] as const).flatMap((kind) =>
          ['cpu', 'memory']
            .filter((what) => resources[kind][what] === undefined)
            .map((what) => violation(resource, `container ${name} has no ${what} in its ${kind}`)),
        ),
      ),
    ),
};
