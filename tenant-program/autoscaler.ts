import * as kubernetes from '@pulumi/kubernetes';
import type { types } from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { bytes, cpuMillis } from './quantity.ts';
import { namespacedOptions, skipAwait, workloadLabels } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantAutoscalerArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/**
 * Of what a pod may use at most. The autoscaler's own percentages are of the requests, which are small so that idle tenants share a node:
 * a pod at rest would be over them.
 */
const cpuShare = 0.7;
const memoryShare = 0.8;

/** Starts more instances when those that run are busy, and ends them when they are not. */
export class TenantAutoscaler extends ComponentResource {
  constructor(name: string, { context, namespace }: TenantAutoscalerArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Autoscaler', name, {}, options);
    const { replicas, maxReplicas, cpu, memory } = context.spec.resources;
    new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
      name,
      {
        metadata: { name: 'instance', namespace: namespace.name, labels: workloadLabels(context, 'instance'), annotations: skipAwait },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'instance' },
          minReplicas: replicas,
          maxReplicas,
          metrics: [
            averageOf('cpu', `${Math.floor(cpuMillis(cpu) * cpuShare)}m`),
            averageOf('memory', String(Math.floor(bytes(memory) * memoryShare))),
          ],
        },
      },
      namespacedOptions(this, namespace.namespace),
    );
    this.registerOutputs({});
  }
}

function averageOf(name: 'cpu' | 'memory', averageValue: string): types.input.autoscaling.v2.MetricSpec {
  return { type: 'Resource', resource: { name, target: { type: 'AverageValue', averageValue } } };
}
