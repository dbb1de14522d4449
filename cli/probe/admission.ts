import type { Check } from './check.ts';
import type { Kubectl } from './cluster.ts';

/** A pod that fulfils the level `restricted`, so that what is changed in it is the one reason for a refusal. */
function restrictedPod(namespace: string, container: object = {}, pod: object = {}): object {
  const securityContext = { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } };
  const base = {
    name: 'main',
    image: 'probe.invalid/none:1',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    resources: { limits: { cpu: '10m', memory: '16Mi' } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'probe-', namespace },
    spec: { automountServiceAccountToken: false, securityContext, containers: [{ ...base, ...container }], ...pod },
  };
}

interface Attempt {
  what: string;
  pod: object;
  expected: Check['expected'];
  /** Words of the refusal that is meant. */
  because?: RegExp;
}

/** Server-side dry runs: admission decides as it would for a real pod, and nothing is made. */
export async function checkAdmission(kubectl: Kubectl, namespace: string): Promise<Check[]> {
  const podSecurity = /violates PodSecurity "restricted/;
  const attempts: Attempt[] = [
    // The control: were it refused too, the refusals below would prove nothing.
    { what: 'a harmless pod', pod: restrictedPod(namespace), expected: 'allowed' },
    {
      what: 'a privileged pod',
      pod: restrictedPod(namespace, { securityContext: { privileged: true } }),
      expected: 'refused',
      // Some API servers allow no privileged container anywhere, and say so first.
      because: /violates PodSecurity "restricted|disallowed by cluster policy/,
    },
    {
      what: 'a pod that runs as root',
      pod: restrictedPod(namespace, {
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsUser: 0, runAsNonRoot: false },
      }),
      expected: 'refused',
      because: podSecurity,
    },
    {
      what: "a pod with the node's files",
      pod: restrictedPod(namespace, {}, { volumes: [{ name: 'node', hostPath: { path: '/' } }] }),
      expected: 'refused',
      because: podSecurity,
    },
    {
      what: "a pod on the node's network",
      pod: restrictedPod(namespace, {}, { hostNetwork: true }),
      expected: 'refused',
      because: podSecurity,
    },
    {
      what: 'a pod beyond the quota',
      pod: restrictedPod(namespace, { resources: { limits: { cpu: '64', memory: '64Gi' } } }),
      expected: 'refused',
      because: /exceeded quota|maximum (cpu|memory) usage/,
    },
    {
      what: "a pod beyond the quota of the node's disk",
      pod: restrictedPod(namespace, { resources: { limits: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '1Ti' } } }),
      expected: 'refused',
      because: /exceeded quota: .*ephemeral-storage/,
    },
  ];
  return Promise.all(attempts.map((attempt) => tryPod(kubectl, namespace, attempt)));
}

async function tryPod(kubectl: Kubectl, namespace: string, { what, pod, expected, because }: Attempt): Promise<Check> {
  const { exitCode, stderr } = await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(pod));
  const from = `admission of ${namespace}`;
  if (exitCode === 0) return { from, what, expected, outcome: 'allowed', detail: 'admitted' };
  if (because !== undefined && !because.test(stderr)) {
    throw new Error(`${what} was refused for another reason than was to be tried: ${stderr.trim()}`);
  }
  return { from, what, expected, outcome: 'refused', detail: stderr.trim().split('\n').at(-1)?.slice(0, 100) ?? '' };
}
