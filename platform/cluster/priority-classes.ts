import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

/**
 * Who is placed first where nodes are full, and who makes room. Below the cluster's own (from 2,000,000,000), above whatever has none (0).
 * A value can't be changed once it is deployed: another one needs another name.
 */
export const priorities = {
  data: {
    name: 'authsome-platform-data',
    value: 1_000_000,
    description: 'Servers that hold the platform’s data: all else waits for them.',
  },
  services: { name: 'authsome-platform-services', value: 900_000, description: 'The platform’s own services.' },
  tenants: { name: 'authsome-tenants', value: 100_000, description: 'Applications of customers.' },
} as const;

/** The platform's data goes before its services, and these before customers' applications. */
export class PriorityClasses extends pulumi.ComponentResource {
  constructor(name: string, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:PriorityClasses', name, {}, options);
    for (const [key, { name: className, value, description }] of Object.entries(priorities))
      new kubernetes.scheduling.v1.PriorityClass(
        `${name}-${key}`,
        {
          metadata: { name: className, labels: { 'app.kubernetes.io/part-of': 'authsome' } },
          value,
          description,
          // A customer's application never ends another pod to be placed; it is first in the queue for what gets free.
          preemptionPolicy: key === 'tenants' ? 'Never' : 'PreemptLowerPriority',
        },
        { parent: this },
      );
    this.registerOutputs();
  }
}
