import { readdir, readFile } from 'node:fs/promises';
import { endProcesses, identify } from '../toolchain/cluster/process-table.ts';
import type { ProcessIdentity } from '../toolchain/cluster/process-table.ts';

/** For a compiler or a package manager to put its files away. */
const graceMs = 3_000;

/**
 * Ends every program that this process has started and is waiting for. Sessions of their own are passed over: the local cluster goes on, and the engine is ended by its
 * own marker. Linux only; elsewhere the terminal's signal reaches them.
 */
export async function endOwnChildren(): Promise<void> {
  await endProcesses(await ownChildren(), graceMs).catch(() => undefined);
}

async function ownChildren(): Promise<ProcessIdentity[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = new Map<number, { parent: number; session: number }>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // After the name, which may hold anything: state, parent, group, session (proc(5)).
    const [, parent, , session] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    if (parent !== undefined) found.set(pid, { parent: Number(parent), session: Number(session) });
  }
  const own = found.get(process.pid)?.session;
  const descends = (pid: number): boolean => {
    const parent = found.get(pid)?.parent;
    return parent === process.pid || (parent !== undefined && parent > 1 && descends(parent));
  };
  const children = [...found].filter(([pid, { session }]) => pid !== process.pid && session === own && descends(pid));
  const identities = await Promise.all(children.map(([pid]) => identify(pid)));
  return identities.filter((identity) => identity !== undefined);
}
