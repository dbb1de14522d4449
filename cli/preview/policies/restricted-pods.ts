import { plannedPods } from './planned-pods.ts';
import type { PlannedContainer, PlannedPod } from './planned-pods.ts';
import { violation } from './policy.ts';
import type { Policy } from './policy.ts';

/** What Pod Security `restricted` asks, and a read-only root besides. */
export const restrictedPods: Policy = {
  name: 'restricted-pods',
  rule: 'Pods run as a user who is not root, on a read-only root, without privileges, and with nothing of the node.',
  check: (plan) => plannedPods(plan).flatMap((pod) => problems(pod).map((problem) => violation(pod.resource, problem))),
};

function problems(pod: PlannedPod): string[] {
  const { spec, containers } = pod;
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]).map((field) => `the pod has ${field}`),
    ...spec.volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => `volume ${name} is a folder of the node`),
    ...containers.flatMap((container) => containerProblems(container, spec).map((problem) => `container ${container.name} ${problem}`)),
  ];
}

function containerProblems({ securityContext: own }: PlannedContainer, { securityContext: pod }: PlannedPod['spec']): string[] {
  const seccomp = (own.seccompProfile ?? pod.seccompProfile)?.type;
  const rules: [broken: boolean, problem: string][] = [
    [(own.runAsNonRoot ?? pod.runAsNonRoot) !== true, 'may run as root (runAsNonRoot)'],
    [(own.runAsUser ?? pod.runAsUser) === 0, 'runs as user 0'],
    [own.privileged === true, 'is privileged'],
    [own.allowPrivilegeEscalation !== false, 'may gain privileges (allowPrivilegeEscalation)'],
    [own.readOnlyRootFilesystem !== true, 'may write to its root file system (readOnlyRootFilesystem)'],
    [own.capabilities?.drop.includes('ALL') !== true, 'keeps capabilities (drop ALL)'],
    [(own.capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE'), 'adds capabilities'],
    [seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost', 'has no seccomp profile'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}
