import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';

export interface IngressPolicyArgs {
  namespace: pulumi.Input<string>;
  /** `app.kubernetes.io/instance` of the pods to protect. */
  instance: string;
  port: number;
  /** Who may connect: parts of the platform by name, pods of tenants, or anybody. */
  from: { parts: readonly string[]; tenants?: boolean } | 'anywhere';
}

/** Lets the named callers, and nobody else, connect to one part of the platform. */
export function ingressPolicy(args: IngressPolicyArgs, options: pulumi.CustomResourceOptions): kubernetes.networking.v1.NetworkPolicy {
  return new kubernetes.networking.v1.NetworkPolicy(
    `${args.instance}-ingress`,
    {
      metadata: { name: `${args.instance}-ingress`, namespace: args.namespace },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/instance': args.instance } },
        policyTypes: ['Ingress'],
        ingress: [{ from: peers(args.from), ports: [{ port: args.port, protocol: 'TCP' }] }],
      },
    },
    options,
  );
}

function peers(from: IngressPolicyArgs['from']): input.networking.v1.NetworkPolicyPeer[] | undefined {
  if (from === 'anywhere') return undefined;
  const parts = from.parts.map((name) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } }));
  const tenants = {
    namespaceSelector: { matchExpressions: [{ key: 'authsome.cloud/app-id', operator: 'Exists' }] },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'instance' } },
  };
  return from.tenants === true ? [...parts, tenants] : parts;
}
