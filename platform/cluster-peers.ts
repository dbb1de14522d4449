import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import { disruptionBudget } from './disruption-budget.ts';
import { labels, skipAwait } from './hardening.ts';
import { spreadConstraints } from './spread-constraints.ts';

export interface ClusterPeersArgs {
  namespace: pulumi.Input<string>;
  name: string;
  peerPort: number;
}

/**
 * How the servers of a cluster find each other, ready or not, and that nobody else reaches them there; and that of their nodes one may be
 * emptied at a time.
 *
 * @returns the Service that gives each server's name an address
 */
export function clusterPeers(
  { namespace, name, peerPort }: ClusterPeersArgs,
  options: pulumi.CustomResourceOptions,
): kubernetes.core.v1.Service {
  const selector = { 'app.kubernetes.io/instance': name };
  const metadata = { name: `${name}-peers`, namespace, labels: labels(name) };
  disruptionBudget({ namespace, instance: name }, options);
  new kubernetes.networking.v1.NetworkPolicy(
    `${name}-peers`,
    {
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: selector } }], ports: [{ port: peerPort, protocol: 'TCP' }] }],
      },
    },
    options,
  );
  return new kubernetes.core.v1.Service(
    `${name}-peers`,
    {
      metadata: { ...metadata, annotations: skipAwait },
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector, ports: [{ name: 'peers', port: peerPort }] },
    },
    options,
  );
}

/** Each on a node of its own: with two on one, its end would be the end of the majority. Over zones as far as there are some. */
export function apart(name: string): Pick<input.core.v1.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  return {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { 'app.kubernetes.io/instance': name } } },
        ],
      },
    },
    topologySpreadConstraints: spreadConstraints(name).slice(0, 1),
  };
}

/** A server of a cluster is called as its pod is. */
export const podName: input.core.v1.EnvVar = { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
