import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

export interface ReaderAccessArgs {
  namespace: pulumi.Input<string>;
  /** What it may read in every namespace, besides the list of pods. */
  resources?: readonly string[];
}

/** A service account that finds all pods, and can do nothing else but read what is named. */
export class ReaderAccess extends pulumi.ComponentResource {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, { namespace, resources = [] }: ReaderAccessArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:ReaderAccess', name, {}, options);
    const child = { parent: this };
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: { name, namespace }, automountServiceAccountToken: false },
      child,
    );
    const clusterName = `authsome:${name}`;
    const role = new kubernetes.rbac.v1.ClusterRole(
      name,
      {
        metadata: { name: clusterName },
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
          ...(resources.length === 0 ? [] : [{ apiGroups: [''], resources: [...resources], verbs: ['get', 'list', 'watch'] }]),
        ],
      },
      child,
    );
    const binding = new kubernetes.rbac.v1.ClusterRoleBinding(
      name,
      {
        metadata: { name: clusterName },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
        subjects: [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }],
      },
      child,
    );
    // Known once it can do what it is for.
    this.serviceAccount = pulumi.all([account.metadata.name, binding.id]).apply(([serviceAccount]) => serviceAccount);
    this.registerOutputs();
  }
}
