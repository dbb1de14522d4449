import type { CoreV1Event, V1ContainerStatus, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import test from 'ava';
import { diagnosePods } from '../../../../services/provisioner/diagnosis/diagnose-pods.ts';
import type { NamespaceContent } from '../../../../services/provisioner/diagnosis/diagnose-pods.ts';
import type { Diagnosis } from '../../../../services/provisioner/diagnosis/diagnosis.ts';

const container = (state: V1ContainerStatus['state'], rest: Partial<V1ContainerStatus> = {}): V1ContainerStatus => ({
  ...{ name: 'instance', image: 'instance:1', imageID: '', ready: false, restartCount: 0, state: state ?? {} },
  ...rest,
});
const waiting = (reason: string, rest: Partial<V1ContainerStatus> = {}) =>
  container({ waiting: { reason, message: 'password=hunter2' } }, rest);
const pod = (status: V1Pod['status'], metadata: V1Pod['metadata'] = {}): V1Pod => ({
  metadata: { name: 'api-1', ...metadata },
  status: status ?? {},
});
const pods = (...statuses: V1ContainerStatus[]): V1Pod[] => [pod({ containerStatuses: statuses })];
const unscheduled = (message: string): V1Pod =>
  pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] });
const event = (reason: string, name: string, message = ''): CoreV1Event => ({ metadata: {}, involvedObject: { name }, reason, message });
const claim: V1PersistentVolumeClaim = { metadata: { name: 'data' }, spec: { storageClassName: 'fast' }, status: { phase: 'Pending' } };

const finds = test.macro((t, content: Partial<NamespaceContent>, expected: Partial<Diagnosis> | undefined) => {
  const found = diagnosePods({ pods: [], events: [], claims: [], ...content });
  if (expected === undefined) return t.is(found, undefined);
  t.like(found, expected);
  t.false(JSON.stringify(found).includes('hunter2'));
});

test(
  'an image that is not there and may not be pulled is named, and final',
  finds,
  { pods: pods(waiting('ErrImageNeverPull')) },
  {
    code: 'image_missing',
    message: "The image instance:1 can't be had (ErrImageNeverPull).",
    retryable: false,
  },
);
for (const reason of ['ImagePullBackOff', 'ErrImagePull'])
  test(`${reason} may pass`, finds, { pods: pods(waiting(reason)) }, { code: 'image_missing', retryable: true });
test(
  'a missing image of an init container counts too',
  finds,
  { pods: [pod({ initContainerStatuses: [waiting('ErrImagePull')] })] },
  {
    code: 'image_missing',
  },
);
test(
  'a crash loop tells container, exit code, reason and count, and nothing that the program wrote',
  finds,
  {
    pods: pods(
      waiting('CrashLoopBackOff', { restartCount: 4, lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'hunter2' } } }),
    ),
  },
  {
    code: 'instance_crashing',
    message: 'Container instance of pod api-1 ends again and again with exit code 1 (Error); restarts: 4.',
    retryable: true,
  },
);
test(
  'a container that was killed for its memory says what to do about it',
  finds,
  { pods: pods(container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, { restartCount: 1 })) },
  { code: 'instance_crashing', remedy: 'It needs more memory than it may have: raise its limit.' },
);
test('one that runs again after a crash is no crash', finds, { pods: pods(container({ running: {} }, { restartCount: 1 })) }, undefined);
test('a container that lacks its Secret', finds, { pods: pods(waiting('CreateContainerConfigError')) }, { code: 'container_not_started' });
test(
  'a pod that no node can take',
  finds,
  { pods: [unscheduled('0/1 nodes are available: 1 Insufficient cpu.')] },
  {
    code: 'unschedulable',
    message: 'No node can take pod api-1: 0/1 nodes are available: 1 Insufficient cpu.',
  },
);
test(
  'a claim whose volume is not made',
  finds,
  { pods: [unscheduled('pod has unbound immediate PersistentVolumeClaims')], claims: [claim] },
  { code: 'volume_pending', message: 'The volume of claim data was not made (storage class fast).' },
);
test(
  'a claim whose provisioner fails',
  finds,
  { claims: [claim], events: [event('ProvisioningFailed', 'data')] },
  { code: 'volume_pending' },
);
test(
  'a claim that waits for its pod is not the reason',
  finds,
  { pods: [unscheduled('1 Insufficient memory')], claims: [claim] },
  {
    code: 'unschedulable',
  },
);
test(
  'pods that the quota refuses, before all else',
  finds,
  {
    events: [event('FailedCreate', 'api', 'Error creating: pods "api-2" is forbidden: exceeded quota: tenant, requested: limits.cpu=1')],
    pods: pods(waiting('CrashLoopBackOff')),
  },
  {
    code: 'quota_exceeded',
    message: "The application's pods don't fit into its quota: exceeded quota: tenant, requested: limits.cpu=1",
    retryable: false,
  },
);
test(
  'pods that end are not looked at',
  finds,
  { pods: [pod({ containerStatuses: [waiting('ErrImagePull')] }, { deletionTimestamp: new Date() })] },
  undefined,
);
test('the newest pod counts: its image is what was asked for last', (t) => {
  const at = (hour: number, image: string): V1Pod =>
    pod({ containerStatuses: [waiting('ErrImagePull', { image })] }, { creationTimestamp: new Date(2026, 0, 1, hour) });
  t.regex(diagnosePods({ pods: [at(1, 'old:1'), at(2, 'new:2')], events: [], claims: [] })?.message ?? '', /new:2/);
});
test('pods that are only slow have no reason', finds, { pods: pods(container({ running: {} })) }, undefined);
