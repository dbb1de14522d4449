import { z } from 'zod';
import { tenantNames } from '../../tenant-program/names.ts';
import type { Check } from './check.ts';
import type { Kubectl } from './cluster.ts';
import { runNode } from './cluster.ts';
import { waitFor } from '../wait-for.ts';

/** Headers by which the proxy tells the instance who calls; a client that sends them claims to be a secret key with every scope. */
const forged = (appId: string): Record<string, string> => ({
  'x-authsome-app-id': appId,
  'x-authsome-key-type': 'secret',
  'x-authsome-scopes': '*',
  x_authsome_key_type: 'secret',
});

/** Runs in the proxy's pod, the only one that the network lets through: asks the instance with each set of headers, prints the statuses. */
const fetchScript = `
const requests = JSON.parse(process.argv[1]);
const ask = ({ url, headers }) => fetch(url, { headers, signal: AbortSignal.timeout(5000) }).then(({ status }) => status);
Promise.all(requests.map(ask)).then((statuses) => console.log(JSON.stringify(statuses)));
`;

/** The second lock: who gets past the network, but does not hold the tenant's token, is refused. */
export async function checkToken(
  kubectl: Kubectl,
  { appId, systemNamespace }: { appId: string; systemNamespace: string },
): Promise<Check[]> {
  const { internalUrl } = tenantNames(appId);
  const users = `${internalUrl}/users`;
  const requests = [
    { what: "the instance's health", url: `${internalUrl}/health`, headers: {}, expected: 'allowed' },
    { what: 'a request without the token', url: users, headers: {}, expected: 'refused' },
    { what: 'forged internal headers without the token', url: users, headers: forged(appId), expected: 'refused' },
    {
      what: 'forged internal headers with a wrong token',
      url: users,
      headers: { ...forged(appId), 'x-authsome-instance-token': 'x'.repeat(43) },
      expected: 'refused',
    },
  ] as const;
  const from = "the proxy's pod";
  const pod = { namespace: systemNamespace, name: 'deployment/proxy', container: 'proxy' };
  const printed = await runNode(kubectl, pod, { script: fetchScript, argument: requests.map(({ url, headers }) => ({ url, headers })) });
  const statuses = z.array(z.int()).length(requests.length).parse(printed);
  return requests.map(({ what, expected }, index) => judge({ from, what, expected, status: statuses[index] ?? 0, refusal: 401 }));
}

/** A public key that claims to be a secret one, through the front door: the proxy strips the claim, so the instance refuses. */
export async function checkForgedHeaders({
  appId,
  customerUrl,
  publicKey,
}: {
  appId: string;
  customerUrl: string;
  publicKey: string;
}): Promise<Check[]> {
  const from = 'a customer with a public key';
  const ask = async (path: string, headers: Record<string, string>): Promise<number> => {
    const response = await fetch(`${customerUrl}/v1/${appId}${path}`, {
      headers: { authorization: `Bearer ${publicKey}`, ...headers },
      signal: AbortSignal.timeout(10_000),
    });
    return response.status;
  };
  // 403 is the instance's own word: the key is known, and only a secret one may. A key that was just made is 401 for a moment.
  const plain = await waitFor('the proxy to know the key', async () => notYet(await ask('/users', {})), { timeoutMs: 10_000 });
  const users = await ask('/users', forged(appId));
  return [
    judge({ from, what: 'to list users', expected: 'refused', status: plain, refusal: 403 }),
    judge({ from, what: 'to list users with forged internal headers', expected: 'refused', status: users, refusal: 403 }),
  ];
}

function notYet(status: number): number | undefined {
  return status === 401 ? undefined : status;
}

interface Answer {
  from: string;
  what: string;
  expected: Check['expected'];
  status: number;
  /** The status that means no. */
  refusal: number;
}

function judge({ from, what, expected, status, refusal }: Answer): Check {
  if (status !== refusal && (status < 200 || status > 299))
    throw new Error(`${from}, ${what}: answered ${status}, which is neither yes nor no`);
  return { from, what, expected, outcome: status === refusal ? 'refused' : 'allowed', detail: String(status) };
}
