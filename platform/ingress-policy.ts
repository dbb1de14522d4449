import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';

export interface IngressPolicyArgs {
  namespace: pulumi.Input<string>;
  /** `app.kubernetes.io/instance` of the pods to protect. */
  instance: string;
  port: number;
  /** Who may connect: parts of the platform by name, pods of tenants, all of another namespace, anybody, or nobody (probes of the node still do). */
  from: { parts: readonly [string, ...string[]]; tenants?: boolean } | { namespace: string } | 'anywhere' | 'nobody';
}

/** Lets the named callers, and nobody else, connect to one part of the platform. */
export function ingressPolicy(args: IngressPolicyArgs, options: pulumi.CustomResourceOptions): kubernetes.networking.v1.NetworkPolicy {
  return allowIngress(`${args.instance}-ingress`, args, options);
}

/** Lets Prometheus, and nobody else, read the metrics of one part of the platform. */
export function metricsPolicy(
  args: Omit<IngressPolicyArgs, 'from'>,
  options: pulumi.CustomResourceOptions,
): kubernetes.networking.v1.NetworkPolicy {
  return allowIngress(`${args.instance}-metrics`, { ...args, from: { parts: ['prometheus'] } }, options);
}

/** The same for one more port of a part, under a name of its own. */
export function allowIngress(
  name: string,
  args: IngressPolicyArgs,
  options: pulumi.CustomResourceOptions,
): kubernetes.networking.v1.NetworkPolicy {
  const spec = {
    podSelector: { matchLabels: { 'app.kubernetes.io/instance': args.instance } },
    policyTypes: ['Ingress'],
    ingress: args.from === 'nobody' ? [] : [{ from: peers(args.from), ports: [{ port: args.port, protocol: 'TCP' }] }],
  };
  return new kubernetes.networking.v1.NetworkPolicy(name, { metadata: { name, namespace: args.namespace }, spec }, options);
}

/** An empty list would let everybody in: it is never made, the type of `parts` has one at least. */
function peers(from: Exclude<IngressPolicyArgs['from'], 'nobody'>): input.networking.v1.NetworkPolicyPeer[] | undefined {
  if (from === 'anywhere') return undefined;
  if ('namespace' in from) return [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': from.namespace } } }];
  const parts = from.parts.map((name) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } }));
  const tenants = {
    namespaceSelector: { matchExpressions: [{ key: 'authsome.cloud/app-id', operator: 'Exists' }] },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'instance' } },
  };
  return from.tenants === true ? [...parts, tenants] : parts;
}
