import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import { labels, skipAwait } from './hardening.ts';
import { allowIngress } from './ingress-policy.ts';
import type { ScaledBy } from './scaling.ts';
import type { PlatformSettings, WorkloadSettings } from './settings.ts';
import { shareOf } from './share-of.ts';

export interface WorkloadAutoscalerArgs {
  name: string;
  namespace: pulumi.Input<string>;
  workload: WorkloadSettings;
  scaledBy: ScaledBy;
  min: number;
  max: number;
  settings: PlatformSettings;
}

/**
 * Of what a pod may use at most. The autoscaler's own percentages are of the requests, which are a quarter of it: a pod at rest would be
 * over them.
 */
const cpuShare = 0.7;
const memoryShare = 0.8;

/** A pod that ends lets what it does finish or hands it on, so there is no hurry: one a minute, after five quiet ones. */
const slowDown: input.autoscaling.v2.HorizontalPodAutoscalerBehavior = {
  scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
};

/** Starts more pods of a workload when there is more to do, and ends them when there is not. */
export function workloadAutoscaler(args: WorkloadAutoscalerArgs, options: pulumi.CustomResourceOptions): pulumi.CustomResource {
  return args.scaledBy === 'load' ? byLoad(args, options) : byJobs(args, options);
}

function byLoad(
  { name, namespace, workload, min, max }: WorkloadAutoscalerArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  return new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
    name,
    {
      metadata: { name, namespace, labels: labels(name), annotations: skipAwait },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: min,
        maxReplicas: max,
        metrics: [averageOf('cpu', shareOf(workload.cpu, cpuShare)), averageOf('memory', shareOf(workload.memory, memoryShare))],
        behavior: slowDown,
      },
    },
    options,
  );
}

function averageOf(name: 'cpu' | 'memory', averageValue: string): input.autoscaling.v2.MetricSpec {
  return { type: 'Resource', resource: { name, target: { type: 'AverageValue', averageValue } } };
}

/**
 * A ScaledObject of KEDA, since an autoscaler of the cluster's own can't read a queue. Every provisioner reports the same number of open
 * jobs; one pod is for as many as it carries out at once. Those that run count too: by what waits alone, busy pods would be ended. Without an
 * answer from Prometheus there are as many pods as without KEDA.
 */
function byJobs(
  { name, namespace, workload, min, max, settings }: WorkloadAutoscalerArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { kedaNamespace, prometheusUrl } = settings.queueScaling ?? {};
  if (kedaNamespace !== undefined && prometheusUrl === undefined)
    allowIngress('prometheus-keda', { namespace, instance: 'prometheus', port: 9_090, from: { namespace: kedaNamespace } }, options);
  return new kubernetes.apiextensions.CustomResource(
    `${name}-jobs`,
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        scaleTargetRef: { name },
        minReplicaCount: min,
        maxReplicaCount: max,
        pollingInterval: 15,
        fallback: { failureThreshold: 4, replicas: workload.replicas },
        advanced: { horizontalPodAutoscalerConfig: { behavior: slowDown } },
        triggers: [
          {
            type: 'prometheus',
            metricType: 'AverageValue',
            metadata: {
              serverAddress: prometheusUrl ?? `http://prometheus.${settings.namespace}.svc:9090`,
              query: 'max(authsome_jobs_open)',
              threshold: String(settings.provisionerConcurrency),
              // No provisioner that reports is no reason to end more of them.
              ignoreNullValues: 'false',
            },
          },
        ],
      },
    },
    options,
  );
}
