import { randomBytes } from 'node:crypto';
import type { Kubectl } from './cluster.ts';
import { connectScript } from './reachability.ts';
import type { Target } from './reachability.ts';

/** A pod that starts on a busy node; its script itself takes three seconds at most. */
const finishTimeout = '90s';

/**
 * Runs the connection attempts in a pod of a namespace made for it, which no policy restricts: what stops it are the policies of those it
 * tries to reach. The namespace is deleted whatever happens.
 *
 * @param image any image with Node; the instance's own is on every node already
 * @returns what the script printed
 */
export async function visitAsPlainPod(kubectl: Kubectl, image: string, targets: readonly Target[]): Promise<unknown> {
  const namespace = `authsome-probe-${randomBytes(4).toString('hex')}`;
  const make = await kubectl(['create', '--filename', '-'], JSON.stringify(objects(namespace, image, targets)));
  try {
    if (make.exitCode !== 0) throw new Error(`the probe's pod could not be made: ${make.stderr.trim()}`);
    const done = [
      'wait',
      '--namespace',
      namespace,
      '--for=jsonpath={.status.phase}=Succeeded',
      'pod/visitor',
      `--timeout=${finishTimeout}`,
    ];
    const { exitCode, stderr } = await kubectl(done);
    const log = await kubectl(['logs', '--namespace', namespace, 'visitor']);
    if (exitCode !== 0) throw new Error(`the probe's pod did not finish: ${stderr.trim()} ${log.stdout.trim()}`);
    return JSON.parse(log.stdout);
  } finally {
    await kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
  }
}

function objects(namespace: string, image: string, targets: readonly Target[]): object {
  const labels = { 'app.kubernetes.io/name': 'authsome-probe' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'visitor', namespace, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'visitor',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '-e', connectScript, JSON.stringify(targets.map(({ host, port }) => ({ host, port })))],
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
        },
      ],
    },
  };
  return { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }, pod] };
}
