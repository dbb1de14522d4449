import type { CoreV1Event, V1ContainerStatus, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { Diagnosis } from './diagnosis.ts';

export interface NamespaceContent {
  pods: V1Pod[];
  events: CoreV1Event[];
  claims: V1PersistentVolumeClaim[];
}

/**
 * The first reason found why pods are not there or not ready; undefined where none is to be seen, such as an instance that runs and never
 * answers its probe. What keeps pods from being made comes before what keeps them from starting, and that before what they do.
 */
export function diagnosePods({ pods, events, claims }: NamespaceContent): Diagnosis | undefined {
  const living = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).toSorted(newestFirst);
  const containers = living.flatMap((pod) => statusesOf(pod).map((status) => ({ pod, status })));
  return (
    overQuota(events) ??
    first(containers, ({ status }) => missingImage(status)) ??
    first(containers, ({ status, pod }) => notStarted(status, pod)) ??
    first(containers, ({ status, pod }) => crashing(status, pod)) ??
    pendingVolume(living, claims, events) ??
    first(living, unschedulable)
  );
}

const newestFirst = (a: V1Pod, b: V1Pod): number => timeOf(b) - timeOf(a);
const timeOf = ({ metadata }: V1Pod): number => new Date(metadata?.creationTimestamp ?? 0).getTime();
const statusesOf = ({ status }: V1Pod): V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

function first<T>(items: readonly T[], diagnose: (item: T) => Diagnosis | undefined): Diagnosis | undefined {
  for (const item of items) {
    const diagnosis = diagnose(item);
    if (diagnosis) return diagnosis;
  }
  return undefined;
}

function overQuota(events: readonly CoreV1Event[]): Diagnosis | undefined {
  const refused = events.find(({ reason, message }) => reason === 'FailedCreate' && message?.includes('exceeded quota'));
  if (!refused) return undefined;
  const detail = refused.message?.slice(refused.message.indexOf('exceeded quota')) ?? '';
  return {
    code: 'quota_exceeded',
    message: `The application's pods don't fit into its quota: ${detail}`,
    remedy: 'Ask for less, or move to a plan with a larger quota.',
    // The rollout has waited for minutes: what was to end and make room has ended.
    retryable: false,
  };
}

/** Of these no later attempt has another outcome: the node may not ask anybody, or the name is none. */
const finalImageReasons = ['ErrImageNeverPull', 'InvalidImageName'];
const imageReasons = [...finalImageReasons, 'ImagePullBackOff', 'ErrImagePull', 'ImageInspectError', 'RegistryUnavailable'];

function missingImage({ image, state }: V1ContainerStatus): Diagnosis | undefined {
  const reason = state?.waiting?.reason ?? '';
  if (!imageReasons.includes(reason)) return undefined;
  return {
    code: 'image_missing',
    message: `The image ${image} can't be had (${reason}).`,
    remedy: 'Load the image onto the nodes, or push it to a registry that they reach, then try again.',
    retryable: !finalImageReasons.includes(reason),
  };
}

const startReasons = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

function notStarted({ name, state }: V1ContainerStatus, pod: V1Pod): Diagnosis | undefined {
  const reason = state?.waiting?.reason ?? '';
  if (!startReasons.includes(reason)) return undefined;
  return {
    code: 'container_not_started',
    message: `Container ${name} of pod ${nameOf(pod)} can't be started (${reason}).`,
    remedy: "Look at the pod's events; a repair makes anew what its container needs.",
    retryable: true,
  };
}

function crashing({ name, state, lastState, restartCount }: V1ContainerStatus, pod: V1Pod): Diagnosis | undefined {
  const ended = state?.terminated ?? lastState?.terminated;
  const failed = ended !== undefined && (ended.exitCode !== 0 || restartCount > 0);
  if (state?.waiting?.reason !== 'CrashLoopBackOff' && !(failed && state?.running === undefined)) return undefined;
  const how = ended === undefined ? '' : ` with exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}`;
  return {
    code: 'instance_crashing',
    message: `Container ${name} of pod ${nameOf(pod)} ends again and again${how}; restarts: ${restartCount}.`,
    remedy:
      ended?.reason === 'OOMKilled'
        ? 'It needs more memory than it may have: raise its limit.'
        : "Look at the container's last log lines; a change of the configuration tries again.",
    retryable: true,
  };
}

function pendingVolume(
  pods: readonly V1Pod[],
  claims: readonly V1PersistentVolumeClaim[],
  events: readonly CoreV1Event[],
): Diagnosis | undefined {
  const pending = claims.filter(({ status }) => status?.phase === 'Pending');
  // A claim that waits for its pod is not what keeps the pod.
  const found = pending.find(
    ({ metadata }) =>
      events.some(({ reason, involvedObject }) => reason === 'ProvisioningFailed' && involvedObject.name === metadata?.name) ||
      pods.some((pod) => /persistentvolumeclaim|volume node affinity/i.test(schedulingProblem(pod) ?? '')),
  );
  if (!found) return undefined;
  const { metadata, spec } = found;
  return {
    code: 'volume_pending',
    message: `The volume of claim ${metadata?.name} was not made (storage class ${spec?.storageClassName ?? 'of the cluster'}).`,
    remedy: "Look at the claim's events and at the storage class's provisioner.",
    retryable: true,
  };
}

function unschedulable(pod: V1Pod): Diagnosis | undefined {
  const problem = schedulingProblem(pod);
  if (problem === undefined) return undefined;
  return {
    code: 'unschedulable',
    message: `No node can take pod ${nameOf(pod)}: ${problem}`,
    remedy: 'Add a node, or make room on those that there are.',
    retryable: true,
  };
}

function schedulingProblem({ status }: V1Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' && condition.reason === 'Unschedulable' ? (condition.message ?? '') : undefined;
}

const nameOf = ({ metadata }: V1Pod): string => metadata?.name ?? '';
