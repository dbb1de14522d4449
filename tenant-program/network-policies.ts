import * as kubernetes from '@pulumi/kubernetes';
import type { types } from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { ports } from '../domain/tenant-ports.ts';
import { publicInternet } from './public-internet.ts';
import type { TenantSpec } from './spec.ts';
import { namespacedOptions, workloadSelector } from './tenant-context.ts';
import type { TenantContext, WorkloadName } from './tenant-context.ts';

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type IngressRule = types.input.networking.v1.NetworkPolicyIngressRule;
type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;
type PolicySpec = types.input.networking.v1.NetworkPolicySpec;
type Ports = types.input.networking.v1.NetworkPolicyPort[];

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
  const { systemNamespace, monitoringNamespace = systemNamespace } = spec.cluster;
  return {
    'default-deny': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    instance: {
      podSelector: workload('instance'),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [inNamespace(systemNamespace, named('proxy'))], ports: tcp(ports.http) },
        { from: [inNamespace(monitoringNamespace, named('prometheus'))], ports: tcp(ports.metrics) },
      ],
      egress: [
        ...dnsRules(spec),
        databaseRule(spec),
        { to: [{ podSelector: workload('redis') }], ports: tcp(ports.redis) },
        { to: publicInternet(spec.cluster).map((ipBlock) => ({ ipBlock })), ports: tcp(...publicPorts(spec)) },
        ...spec.cluster.privateEgress.map(({ cidr, port }) => ({ to: [{ ipBlock: { cidr } }], ports: tcp(port) })),
        ...tracingRules(spec),
      ],
    },
    redis: {
      podSelector: workload('redis'),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: workload('instance') }], ports: tcp(ports.redis) }],
    },
    ...(spec.database.tier === 'dedicated' && {
      postgres: {
        podSelector: workload('postgres'),
        policyTypes: ['Ingress', 'Egress'],
        ingress: postgresIngress(systemNamespace),
      },
    }),
  };
}

/** The instance, the provisioner, which makes role and database, and who backs it up and restores it. */
function postgresIngress(systemNamespace: string): IngressRule[] {
  return [
    {
      from: [
        { podSelector: workload('instance') },
        ...['provisioner', 'backup', 'restore'].map((name) => inNamespace(systemNamespace, named(name))),
      ],
      ports: tcp(ports.postgres),
    },
  ];
}

function dnsRules({ cluster }: TenantSpec): EgressRule[] {
  const both = (port: number): Ports => [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];
  const inCluster = { to: [inNamespace('kube-system', { matchLabels: { 'k8s-app': 'kube-dns' } })], ports: both(53) };
  if (!cluster.hostDns) return [inCluster];
  return [inCluster, { to: [{ ipBlock: { cidr: cluster.hostDns.cidr } }], ports: both(cluster.hostDns.port) }];
}

function databaseRule({ database, cluster }: TenantSpec): EgressRule {
  if (database.tier === 'dedicated') return { to: [{ podSelector: workload('postgres') }], ports: tcp(ports.postgres) };
  // By its own label as well: `postgres` alone would be the control database's server too.
  const server = { matchLabels: { 'app.kubernetes.io/name': 'postgres', 'app.kubernetes.io/instance': 'tenants-postgres' } };
  const to: Peer = database.cidr ? { ipBlock: { cidr: database.cidr } } : inNamespace(cluster.systemNamespace, server);
  return { to: [to], ports: tcp(database.port) };
}

/** HTTPS for social sign-in and the like, and the mail server's port where there is one: policies know no host names. */
function publicPorts({ config }: TenantSpec): number[] {
  const smtp = config.email?.smtp.port;
  return smtp === undefined || smtp === ports.https ? [ports.https] : [ports.https, smtp];
}

function tracingRules({ tracing }: TenantSpec): EgressRule[] {
  return tracing === undefined ? [] : [{ to: [inNamespace(tracing.namespace, named(tracing.app))], ports: tcp(tracing.port) }];
}

function workload(name: WorkloadName): types.input.meta.v1.LabelSelector {
  return { matchLabels: workloadSelector(name) };
}

function named(name: string): types.input.meta.v1.LabelSelector {
  return { matchLabels: { 'app.kubernetes.io/name': name } };
}

function inNamespace(namespace: string, podSelector: types.input.meta.v1.LabelSelector): Peer {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector };
}

function tcp(...numbers: number[]): Ports {
  return numbers.map((port) => ({ protocol: 'TCP', port }));
}
