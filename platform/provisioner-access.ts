import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { tenantSecretsRole } from './tenant-facts.ts';
import { provisionerRules } from './provisioner-rules.ts';

export interface ProvisionerAccessArgs {
  namespace: pulumi.Input<string>;
  namespaceName: string;
}

const apiGroup = 'rbac.authorization.k8s.io';
const reading = ['get', 'list', 'watch'];

/** In all namespaces. Secrets can be written by these rights, and not read: see `tenantSecretsRole`. */
const rules = [
  {
    apiGroups: [''],
    resources: ['namespaces', 'resourcequotas', 'limitranges', 'serviceaccounts', 'configmaps', 'services'],
    verbs: [...reading, 'create', 'update', 'patch', 'delete'],
  },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'update', 'patch', 'delete'] },
  ...[
    { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] },
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
    { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'] },
  ].map((kinds) => ({ ...kinds, verbs: [...reading, 'create', 'update', 'patch', 'delete'] })),
  // The progress of a rollout is read from these.
  { apiGroups: [''], resources: ['pods', 'events', 'endpoints', 'persistentvolumeclaims'], verbs: reading },
  // Whether a deleted application's volumes are gone; they belong to no namespace.
  { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['replicasets', 'controllerrevisions'], verbs: reading },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reading },
  // Controllers make these in a namespace, and may leave them behind when it ends; see the policy below.
  { apiGroups: [''], resources: ['pods'], verbs: ['patch', 'delete'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['patch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['patch'] },
  // It gives itself this one role, and the policy below says where.
  { apiGroups: [apiGroup], resources: ['rolebindings'], verbs: ['create'] },
  { apiGroups: [apiGroup], resources: ['clusterroles'], resourceNames: [tenantSecretsRole], verbs: ['bind'] },
];

/**
 * What the provisioner may do in the cluster: the kinds of a tenant stack, and, since RBAC can't name namespaces that don't exist yet, an
 * admission policy that refuses every write outside of tenants' namespaces, and every object there that would loosen their isolation.
 *
 * Admission does not see reads. So Secrets are read by a binding in each tenant's namespace, which the provisioner makes for itself
 * (services/provisioner/cluster/open-secrets.ts).
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
    // Bound to nobody here.
    new kubernetes.rbac.v1.ClusterRole(
      'tenant-secrets',
      { metadata: { name: tenantSecretsRole }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: reading }] },
      child,
    );
    // Other names than in earlier versions, whose role could read all Secrets: Pulumi removes that one last, when no pod needs it any more.
    const clusterName = `authsome:${name}-in-tenants`;
    const role = new kubernetes.rbac.v1.ClusterRole(`${name}-in-tenants`, { metadata: { name: clusterName }, rules }, child);
    new kubernetes.rbac.v1.ClusterRoleBinding(
      `${name}-in-tenants`,
      {
        metadata: { name: clusterName },
        roleRef: { apiGroup, kind: 'ClusterRole', name: role.metadata.name },
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
            // Subresources too, such as pods/exec and serviceaccounts/token: `*` alone does not match them.
            resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
          },
          matchConditions: [
            { name: 'is-provisioner', expression: `request.userInfo.username == 'system:serviceaccount:${args.namespaceName}:${name}'` },
          ],
          ...provisionerRules({ name, namespace: args.namespaceName }),
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
