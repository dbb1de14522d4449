import { readdir, readFile } from 'node:fs/promises';
import { identify } from '../../toolchain/cluster/process-table.ts';
import type { ProcessIdentity } from '../../toolchain/cluster/process-table.ts';

/** A process of a container, as the node that runs it sees it. */
export interface ContainerProcess extends ProcessIdentity {
  /** Id of its session's leader. */
  session: number;
  /** Whether it is the container's main process: with it all others of the container end. */
  main: boolean;
  args: string[];
  env: Record<string, string>;
}

/** The live processes of one container, found by its control group: a container's id is in no other's. */
export async function processesOfContainer(containerId: string): Promise<ContainerProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => ((await isIn(pid, containerId)) ? describe(Number(pid)) : undefined)));
  return found.filter((process) => process !== undefined);
}

async function isIn(pid: string, containerId: string): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return groups.split('\n').some((line) => line.split('/').includes(containerId));
}

async function describe(pid: number): Promise<ContainerProcess | undefined> {
  const identity = await identify(pid);
  const [stat, status, args, env] = await Promise.all(
    ['stat', 'status', 'cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined)),
  );
  if (identity === undefined || stat === undefined || status === undefined || args === undefined) return undefined;
  // After the name, which may hold anything: state, parent, group, session (proc(5)).
  const session = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  return {
    ...identity,
    session,
    main: /^NSpid:.*\t1$/m.test(status),
    args: args.split('\0').filter(Boolean),
    env: Object.fromEntries((env ?? '').split('\0').flatMap((entry) => (entry.includes('=') ? [splitAtFirst(entry)] : []))),
  };
}

function splitAtFirst(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
