import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

export interface ProvisionerAccessArgs {
  namespace: pulumi.Input<string>;
  namespaceName: string;
}

const everything = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
const reading = ['get', 'list', 'watch'];
const releasing = ['patch', 'delete'];

/**
 * What the provisioner may do in the cluster: the kinds of a tenant stack, and, since RBAC can't name namespaces that don't exist yet, an
 * admission policy that refuses every write of its outside of tenants' namespaces.
 */
export class ProvisionerAccess extends pulumi.ComponentResource {
  readonly serviceAccount: pulumi.Output<string>;

  constructor(name: string, args: ProvisionerAccessArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:ProvisionerAccess', name, {}, options);
    const child = { parent: this };
    const { namespace } = args;
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: { name, namespace }, automountServiceAccountToken: false },
      child,
    );
    this.serviceAccount = account.metadata.name;
    const clusterName = `authsome:${name}`;
    const role = new kubernetes.rbac.v1.ClusterRole(
      name,
      {
        metadata: { name: clusterName },
        rules: [
          {
            apiGroups: [''],
            resources: ['namespaces', 'resourcequotas', 'limitranges', 'serviceaccounts', 'secrets', 'configmaps', 'services'],
            verbs: everything,
          },
          { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: everything },
          { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: everything },
          { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: everything },
          { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: everything },
          { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: everything },
          // What the rollout's progress is read from.
          { apiGroups: [''], resources: ['pods', 'events', 'endpoints', 'persistentvolumeclaims'], verbs: reading },
          // Whether a deleted application's volumes are gone; they belong to no namespace.
          { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['list'] },
          { apiGroups: ['apps'], resources: ['replicasets', 'controllerrevisions'], verbs: reading },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reading },
          // What controllers make in a namespace, and may leave behind when it ends; see the policy below.
          { apiGroups: [''], resources: ['pods'], verbs: releasing },
          { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['patch'] },
          { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['patch'] },
        ],
      },
      child,
    );
    new kubernetes.rbac.v1.ClusterRoleBinding(
      name,
      {
        metadata: { name: clusterName },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
        subjects: [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }],
      },
      child,
    );
    const policyName = 'authsome-provisioner-stays-in-tenants';
    const policy = new kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
      name,
      {
        metadata: { name: policyName },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*'] }],
          },
          matchConditions: [
            { name: 'is-provisioner', expression: `request.userInfo.username == 'system:serviceaccount:${args.namespaceName}:${name}'` },
          ],
          validations: [
            {
              expression: "(request.resource.resource == 'namespaces' ? request.name : request.namespace).startsWith('authsome-app-')",
              message: 'the provisioner may change only namespaces of tenants (authsome-app-…)',
            },
            {
              expression: `!(request.resource.resource in ['pods', 'persistentvolumeclaims', 'replicasets']) || (oldObject != null && has(oldObject.metadata.deletionTimestamp))`,
              message: 'the provisioner may let go of what controllers made only when it is being deleted',
            },
          ],
        },
      },
      child,
    );
    new kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
      name,
      { metadata: { name: policyName }, spec: { policyName: policy.metadata.name, validationActions: ['Deny'] } },
      child,
    );
    this.registerOutputs();
  }
}
