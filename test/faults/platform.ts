import { randomBytes } from 'node:crypto';
import { createContext } from '../../cli/context.ts';
import { ControlClient } from '../../cli/control-client.ts';
import { podsSchema } from '../../cli/platform/platform-container.ts';
import { answersReady, platformAddresses, platformNamespace, platformUrls } from '../../cli/platform/platform-urls.ts';
import { findKubectl } from '../../cli/platform/tools.ts';
import { createKubectl } from '../../cli/probe/cluster.ts';
import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import type { ClusterPaths } from '../../toolchain/cluster/settings.ts';

/** The local platform of this checkout, and an owner on it. */
export interface Platform {
  cluster: ClusterPaths;
  namespace: string;
  urls: { control: string; customer: string };
  client: ControlClient;
  /** Ids of the applications that were made, to be removed in the end. */
  made: Set<string>;
  /** @throws Error where kubectl fails */
  kubectl: (args: readonly string[], input?: string) => Promise<string>;
}

/** @throws Error where there is no local cluster of this checkout that runs: on another, processes can't be killed */
export async function openPlatform(): Promise<Platform> {
  const context = await createContext({});
  if (context.kind !== 'local' || (await readClusterStatus(context.cluster)) === undefined)
    throw new Error('faults need the local cluster of this checkout, running: ./authsome faults brings it up');
  const run = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
  const urls = platformUrls(context);
  const owner = { email: `faults-${randomBytes(6).toString('hex')}@example.com`, password: randomBytes(18).toString('base64url') };
  const { token } = await new ControlClient(urls.control).signUp({ ...owner, name: 'Faults' });
  return {
    cluster: context.cluster,
    namespace: platformNamespace(context),
    urls,
    made: new Set(),
    client: new ControlClient(urls.control, token),
    kubectl: async (args, input) => {
      const { exitCode, stdout, stderr } = await run(args, input);
      if (exitCode !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
      return stdout;
    },
  };
}

/** What of the platform is not as it is at rest, in words; nothing when all of it is well. */
export async function unrest(platform: Platform): Promise<string[]> {
  const { kubectl, namespace, cluster } = platform;
  const status = await readClusterStatus(cluster);
  const components = status?.components.filter(({ ready }) => !ready).map(({ name, reason }) => `${name}: ${reason ?? 'not ready'}`);
  const listing = await kubectl(['get', 'pods', '--namespace', namespace, '--output', 'json']);
  const pods = podsSchema
    .parse(JSON.parse(listing))
    .items.filter(({ status }) => status.phase !== 'Succeeded')
    .filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp !== undefined || !status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    )
    .map(({ metadata }) => `pod ${metadata.name} is not ready`);
  const doors: string[] = [];
  for (const [name, url] of platformAddresses(await createContext({})))
    if (!(await answersReady(url))) doors.push(`the ${name} API is not ready`);
  return [...(components ?? ['the cluster does not run']), ...pods, ...doors];
}
