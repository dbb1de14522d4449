import type { input } from '@pulumi/kubernetes/types/index.js';
import { tenantSecretsRole } from './tenant-facts.ts';

type PolicySpec = input.admissionregistration.v1.ValidatingAdmissionPolicySpec;

const workloads = ['deployments', 'statefulsets'];

/**
 * What an admission policy demands of everything that the provisioner writes. A provisioner that was taken over could otherwise lower the
 * Pod Security of a namespace, start a pod there with the node's files, or draw the traffic of others to itself.
 */
export function provisionerRules(account: { name: string; namespace: string }): Pick<PolicySpec, 'variables' | 'validations'> {
  return {
    variables: [
      { name: 'kind', expression: 'request.resource.resource' },
      { name: 'pod', expression: `object != null && variables.kind in ${list(workloads)} ? object.spec.template.spec : null` },
      {
        name: 'containers',
        expression:
          'variables.pod == null ? [] : variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])',
      },
    ],
    validations: [
      {
        expression: "(variables.kind == 'namespaces' ? request.name : request.namespace).startsWith('authsome-app-')",
        message: 'the provisioner may change only namespaces of tenants (authsome-app-…)',
      },
      {
        expression: "!has(request.subResource) || request.subResource == ''",
        message: 'the provisioner may change objects only as a whole, and enter no pod',
      },
      {
        expression: `!(variables.kind in ['pods', 'persistentvolumeclaims', 'replicasets']) || (oldObject != null && has(oldObject.metadata.deletionTimestamp))`,
        message: 'the provisioner may let go of what controllers made only when it is being deleted',
      },
      {
        // Nothing can be started any more in a namespace that is being deleted, whatever its labels are.
        expression: forKinds(['namespaces'], ['has(object.metadata.deletionTimestamp)', restrictedNamespace].map(bracket).join(' || ')),
        message: 'namespaces of tenants must enforce the Pod Security level restricted, in its latest version',
      },
      {
        expression: `variables.pod == null || (${podRule})`,
        message: 'pods of tenants must not run as root, use the node or hold a token of the API server',
      },
      {
        expression: `variables.containers.all(c, ${containerRule})`,
        message: 'containers of tenants must give up all privileges and capabilities, and use no port of the node',
      },
      {
        expression: forKinds(['services'], serviceRule),
        message: 'Services of tenants must be of type ClusterIP, without external addresses',
      },
      {
        expression: forKinds(['secrets'], "object.type == 'Opaque'"),
        message: 'Secrets of tenants must be of type Opaque: others may hold tokens of the API server',
      },
      {
        expression: forKinds(['rolebindings'], bindingRule(account)),
        message: `the provisioner may bind ${tenantSecretsRole} to itself, and nothing else`,
      },
    ],
  };
}

const list = (kinds: readonly string[]): string => `[${kinds.map((kind) => `'${kind}'`).join(', ')}]`;
const bracket = (rule: string): string => `(${rule})`;

/** A rule for some kinds. All others pass it, and so do deletions, where there is no object to look at. */
function forKinds(kinds: readonly string[], rule: string): string {
  return `object == null || !(variables.kind in ${list(kinds)}) || (${rule})`;
}

const level = 'pod-security.kubernetes.io/enforce';
/** By the rules of the cluster's own version: those of an older one may allow more. */
const restrictedNamespace = [
  `has(object.metadata.labels) && '${level}' in object.metadata.labels && object.metadata.labels['${level}'] == 'restricted'`,
  `(!('${level}-version' in object.metadata.labels) || object.metadata.labels['${level}-version'] == 'latest')`,
].join(' && ');

/** Of a pod as a whole. Volumes of other kinds read the node, or hold a token. */
const podRule = [
  ...['hostNetwork', 'hostPID', 'hostIPC'].map((field) => `(!has(variables.pod.${field}) || !variables.pod.${field})`),
  '!has(variables.pod.nodeName)',
  'has(variables.pod.automountServiceAccountToken) && !variables.pod.automountServiceAccountToken',
  'has(variables.pod.securityContext)',
  'has(variables.pod.securityContext.runAsNonRoot) && variables.pod.securityContext.runAsNonRoot',
  "has(variables.pod.securityContext.seccompProfile) && variables.pod.securityContext.seccompProfile.type == 'RuntimeDefault'",
  `(!has(variables.pod.volumes) || variables.pod.volumes.all(v, ${['emptyDir', 'configMap', 'secret', 'persistentVolumeClaim']
    .map((kind) => `has(v.${kind})`)
    .join(' || ')}))`,
].join(' && ');

/** Of each container of a pod. */
const containerRule = [
  'has(c.securityContext)',
  'has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation',
  '(!has(c.securityContext.privileged) || !c.securityContext.privileged)',
  '(!has(c.securityContext.runAsNonRoot) || c.securityContext.runAsNonRoot)',
  '(!has(c.securityContext.runAsUser) || c.securityContext.runAsUser != 0)',
  "(!has(c.securityContext.seccompProfile) || c.securityContext.seccompProfile.type == 'RuntimeDefault')",
  "has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop) && 'ALL' in c.securityContext.capabilities.drop",
  '(!has(c.securityContext.capabilities.add) || size(c.securityContext.capabilities.add) == 0)',
  '(!has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))',
].join(' && ');

const serviceRule = [
  "object.spec.type == 'ClusterIP'",
  '(!has(object.spec.externalIPs) || size(object.spec.externalIPs) == 0)',
  '(!has(object.spec.externalName) || size(object.spec.externalName) == 0)',
].join(' && ');

function bindingRule({ name, namespace }: { name: string; namespace: string }): string {
  return [
    `object.roleRef.kind == 'ClusterRole' && object.roleRef.name == '${tenantSecretsRole}'`,
    'has(object.subjects) && size(object.subjects) == 1',
    `object.subjects[0].kind == 'ServiceAccount' && object.subjects[0].name == '${name}' && object.subjects[0].namespace == '${namespace}'`,
  ].join(' && ');
}
