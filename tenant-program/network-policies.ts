import * as kubernetes from '@pulumi/kubernetes';
import type { types } from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import type { TenantSpec } from './spec.ts';
import { namespacedOptions } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;
type PolicySpec = types.input.networking.v1.NetworkPolicySpec;

export interface TenantNetworkPoliciesArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** Nothing in and nothing out, but for what is listed here: the proxy in, the tenant's own database and Redis and the public internet out. */
export class TenantNetworkPolicies extends ComponentResource {
  readonly policies: kubernetes.networking.v1.NetworkPolicy[];

  constructor(name: string, { context, namespace }: TenantNetworkPoliciesArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:NetworkPolicies', name, {}, options);
    this.policies = Object.entries(policySpecs(context.spec)).map(
      ([policy, spec]) =>
        new kubernetes.networking.v1.NetworkPolicy(
          `${name}-${policy}`,
          { metadata: { name: policy, namespace: namespace.name, labels: context.labels }, spec },
          namespacedOptions(this, namespace.namespace),
        ),
    );
    this.registerOutputs({});
  }
}

function policySpecs(spec: TenantSpec): Record<string, PolicySpec> {
  return {
    'default-deny': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    instance: {
      podSelector: named('instance'),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [systemPods(spec, 'proxy'), systemPods(spec, 'prometheus')], ports: [{ protocol: 'TCP', port: 8080 }] }],
      egress: [
        ...dnsRules(spec),
        databaseRule(spec),
        { to: [{ podSelector: named('redis') }], ports: [{ protocol: 'TCP', port: 6379 }] },
        { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: privateRanges } }], ports: [{ protocol: 'TCP', port: 443 }] },
      ],
    },
    redis: {
      podSelector: named('redis'),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: named('instance') }], ports: [{ protocol: 'TCP', port: 6379 }] }],
    },
  };
}

/**
 * What is not the public internet: private (RFC 1918), shared (RFC 6598), loopback and link-local (RFC 3927, where cloud metadata lives)
 * addresses, which hold every cluster's pods, services and nodes; benchmarking, multicast and reserved ranges.
 */
const privateRanges = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

function named(name: string): types.input.meta.v1.LabelSelector {
  return { matchLabels: { 'app.kubernetes.io/name': name } };
}

function inNamespace(namespace: string, podSelector: types.input.meta.v1.LabelSelector): Peer {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector };
}

function systemPods({ cluster }: TenantSpec, name: string): Peer {
  return inNamespace(cluster.systemNamespace, named(name));
}

function dnsRules({ cluster }: TenantSpec): EgressRule[] {
  const both = (port: number): EgressRule['ports'] => [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];
  const inCluster = { to: [inNamespace('kube-system', { matchLabels: { 'k8s-app': 'kube-dns' } })], ports: both(53) };
  if (!cluster.hostDns) return [inCluster];
  return [inCluster, { to: [{ ipBlock: { cidr: cluster.hostDns.cidr } }], ports: both(cluster.hostDns.port) }];
}

function databaseRule(spec: TenantSpec): EgressRule {
  const { databaseCidr } = spec.cluster;
  const to: Peer = databaseCidr ? { ipBlock: { cidr: databaseCidr } } : systemPods(spec, 'postgres');
  return { to: [to], ports: [{ protocol: 'TCP', port: spec.database.port }] };
}
