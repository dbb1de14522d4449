import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { labels } from '../hardening.ts';

export interface MetricsServerAccessArgs {
  name: string;
  namespace: pulumi.Input<string>;
}

const apiGroup = 'rbac.authorization.k8s.io';

/**
 * What the metrics server may read (what kubelets measured), by whom it is asked (the API server), and who may ask: those who may view pods.
 *
 * @returns the name of its service account
 */
export function metricsServerAccess(
  { name, namespace }: MetricsServerAccessArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const account = new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata: { name, namespace, labels: labels(name) }, automountServiceAccountToken: false },
    options,
  );
  const subjects = [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }];
  const role = new kubernetes.rbac.v1.ClusterRole(
    name,
    {
      metadata: { name: `system:${name}`, labels: labels(name) },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    options,
  );
  const readers = Object.fromEntries(['view', 'edit', 'admin'].map((to) => [`rbac.authorization.k8s.io/aggregate-to-${to}`, 'true']));
  new kubernetes.rbac.v1.ClusterRole(
    `${name}-readers`,
    {
      metadata: { name: 'system:aggregated-metrics-reader', labels: { ...labels(name), ...readers } },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    options,
  );
  const bindings = { [`system:${name}`]: role.metadata.name, [`${name}:system:auth-delegator`]: 'system:auth-delegator' };
  for (const [bindingName, roleName] of Object.entries(bindings))
    new kubernetes.rbac.v1.ClusterRoleBinding(
      bindingName,
      { metadata: { name: bindingName, labels: labels(name) }, roleRef: { apiGroup, kind: 'ClusterRole', name: roleName }, subjects },
      options,
    );
  new kubernetes.rbac.v1.RoleBinding(
    `${name}-auth-reader`,
    {
      metadata: { name: `${name}-auth-reader`, namespace: 'kube-system', labels: labels(name) },
      roleRef: { apiGroup, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
      subjects,
    },
    options,
  );
  return account.metadata.name;
}
