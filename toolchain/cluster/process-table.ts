import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process, safely named: a process id alone may by now be somebody else's. The start time is in clock ticks since boot. */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
}

/** Identity of a live process, or undefined when there is none (zombies count as none). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command name, in parentheses, may hold spaces: fields are counted after it. State is the 1st, start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[19];
  return fields[0] === 'Z' || startTicks === undefined ? undefined : { pid, startTicks };
}

export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identify(process.pid))?.startTicks === process.startTicks;
}

/** Live processes that have `name=value` in the environment they were started with. */
export async function processesWithEnv(name: string, value: string): Promise<ProcessIdentity[]> {
  const entry = `${name}=${value}`;
  const found: ProcessIdentity[] = [];
  for (const pid of await processIds()) {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environ.split('\0').includes(entry)) continue;
    const identity = await identify(pid);
    if (identity !== undefined && pid !== process.pid) found.push(identity);
  }
  return found;
}

/**
 * Ends processes: SIGTERM, then SIGKILL to what is left after the grace time.
 *
 * @param graceMs 0 kills at once
 */
export async function endProcesses(processes: readonly ProcessIdentity[], graceMs: number): Promise<void> {
  let alive = await living(processes);
  if (graceMs > 0) {
    for (const { pid } of alive) signal(pid, 'SIGTERM');
    alive = await waitForEnd(alive, graceMs);
  }
  for (const { pid } of alive) signal(pid, 'SIGKILL');
  alive = await waitForEnd(alive, 5_000);
  if (alive.length > 0) throw new Error(`processes ${alive.map(({ pid }) => pid).join(', ')} did not end after SIGKILL`);
}

async function waitForEnd(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<ProcessIdentity[]> {
  const deadline = Date.now() + timeoutMs;
  let alive = await living(processes);
  while (alive.length > 0 && Date.now() < deadline) {
    await delay(50);
    alive = await living(alive);
  }
  return alive;
}

async function living(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const states = await Promise.all(processes.map(isAlive));
  return processes.filter((_, index) => states[index]);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}
