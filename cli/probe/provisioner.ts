import { tenantNames } from '../../tenant-program/names.ts';
import { provisionerAccount } from '../../domain/tenant-secrets.ts';
import type { Check } from './check.ts';
import type { Kubectl } from './cluster.ts';

interface Attempt {
  what: string;
  args: readonly string[];
  input?: object;
  expected: Check['expected'];
  /** Words of the refusal that is meant. */
  because?: RegExp;
}

/** What the provisioner's account may do to the tenant and to the platform, by server-side dry runs: nothing is changed. */
export async function checkProvisioner(
  kubectl: Kubectl,
  { appId, systemNamespace }: { appId: string; systemNamespace: string },
): Promise<Check[]> {
  const { namespace } = tenantNames(appId);
  const label = (value: string): string[] => ['label', 'namespace', namespace, value, '--overwrite', '--dry-run=server'];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'probe', namespace },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  };
  const attempts: Attempt[] = [
    // The control: were it refused too, the refusals below would prove nothing.
    { what: "to label its tenant's namespace", args: label(`authsome.cloud/app-id=${appId}`), expected: 'allowed' },
    {
      what: 'to read Secrets of the platform',
      args: ['get', 'secrets', '--namespace', systemNamespace, '--output', 'name'],
      expected: 'refused',
      because: /cannot list resource "secrets"/,
    },
    {
      what: 'to lower the Pod Security of a namespace',
      args: label('pod-security.kubernetes.io/enforce=privileged'),
      expected: 'refused',
      because: /must enforce the Pod Security level restricted/,
    },
    {
      what: 'to open a port of the node',
      args: ['create', '--dry-run=server', '--filename', '-'],
      input: service,
      expected: 'refused',
      because: /must be of type ClusterIP|exceeded quota/,
    },
  ];
  const as = `--as=system:serviceaccount:${systemNamespace}:${provisionerAccount}`;
  return Promise.all(attempts.map((attempt) => tryAs(kubectl, as, attempt)));
}

async function tryAs(kubectl: Kubectl, as: string, { what, args, input, expected, because }: Attempt): Promise<Check> {
  const { exitCode, stderr } = await kubectl([...args, as], input && JSON.stringify(input));
  const from = 'the provisioner';
  if (exitCode === 0) return { from, what, expected, outcome: 'allowed', detail: 'admitted' };
  if (because !== undefined && !because.test(stderr))
    throw new Error(`${from}, ${what}: refused for another reason than was to be tried: ${stderr.trim()}`);
  return { from, what, expected, outcome: 'refused', detail: stderr.trim().split('\n').at(-1)?.slice(0, 100) ?? '' };
}
