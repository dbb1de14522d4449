import { readFile, readdir } from 'node:fs/promises';

/**
 * Kills every process below this one, deepest last seen first. The engine and its plugins are in process groups of their own, so that
 * killing this process's group would miss them. Linux only; elsewhere the plugins end when they find the engine gone.
 */
export async function killDescendants(root = process.pid): Promise<void> {
  const children = await childrenByParent();
  const doomed: number[] = [];
  const collect = (parent: number): void => {
    for (const child of children.get(parent) ?? []) {
      doomed.push(child);
      collect(child);
    }
  };
  collect(root);
  for (const pid of doomed.reverse()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}

async function childrenByParent(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = await parentOf(entry);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  return children;
}

/** Fourth field of /proc/PID/stat, counted from behind the name, which may hold anything (proc(5)). */
async function parentOf(pid: string): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}
