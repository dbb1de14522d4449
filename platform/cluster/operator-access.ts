import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { PlatformSettings } from '../settings.ts';

const reading = ['get', 'list', 'watch'];

/**
 * What an operator looks at when something is wrong: all objects of the platform and of tenants, logs included. No secrets, nothing inside
 * of a pod (exec, port-forward), no token, nothing to write. A ConfigMap holds no secret: `authsome preview` refuses one that does.
 */
const rules = [
  {
    apiGroups: [''],
    resources: [
      ...['pods', 'pods/log', 'services', 'endpoints', 'events', 'configmaps', 'serviceaccounts', 'replicationcontrollers'],
      ...['namespaces', 'nodes', 'persistentvolumes', 'persistentvolumeclaims', 'resourcequotas', 'limitranges'],
    ],
    verbs: reading,
  },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'controllerrevisions'], verbs: reading },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: reading },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: reading },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: reading },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses', 'ingressclasses'], verbs: reading },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reading },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: reading },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses', 'volumeattachments'], verbs: reading },
  { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: reading },
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], verbs: reading },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
    verbs: reading,
  },
  { apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list'] },
  { apiGroups: ['cert-manager.io'], resources: ['certificates', 'certificaterequests', 'clusterissuers'], verbs: reading },
  { apiGroups: ['acme.cert-manager.io'], resources: ['orders', 'challenges'], verbs: reading },
  { apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: reading },
  { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: reading },
];

/** A role for the persons who run the platform, and who has it. */
export class OperatorAccess extends pulumi.ComponentResource {
  constructor(name: string, { groups, users }: PlatformSettings['operators'], options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:OperatorAccess', name, {}, options);
    const child = { parent: this };
    const metadata = { name: 'authsome:operators', labels: { 'app.kubernetes.io/part-of': 'authsome' } };
    const role = new kubernetes.rbac.v1.ClusterRole(name, { metadata, rules }, child);
    const subjects = [...groups.map((group) => ({ kind: 'Group', name: group })), ...users.map((user) => ({ kind: 'User', name: user }))];
    new kubernetes.rbac.v1.ClusterRoleBinding(
      name,
      {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
        subjects: subjects.map((subject) => ({ ...subject, apiGroup: 'rbac.authorization.k8s.io' })),
      },
      child,
    );
    this.registerOutputs();
  }
}
