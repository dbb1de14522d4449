import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Who holds the engine's lock of a stack, as the engine says. */
export interface StackLockHolder {
  /** Of the lock: file:///… for a local backend. */
  url: string;
  user: string;
  host: string;
  pid: number;
  /** RFC 3339. */
  since: string;
}

export type HolderState = 'dead' | 'alive' | 'unknown';

const heading = 'currently locked by';
/** One line of it, https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go: "URL: created by USER@HOST (pid N) at TIME". */
const line = /^\s*(\S+): created by ([^@\s]+)@(\S+) \(pid (\d+)\) at (\S+)$/;

/** Reads the holders from what the engine says as it refuses; undefined if it refused for another reason. */
export function readStackLock(message: string): StackLockHolder[] | undefined {
  if (!message.includes(heading)) return undefined;
  return message.split('\n').flatMap((text) => {
    const [, url, user, host, pid, since] = line.exec(text) ?? [];
    if (url === undefined || user === undefined || host === undefined || since === undefined) return [];
    return [{ url, user, host, pid: Number(pid), since }];
  });
}

/**
 * Whether the process that holds a lock is dead: there is none of its number on this machine, or the one that there is began after the lock was made.
 *
 * @returns unknown for another machine's process. Two machines may have one name, so in a backend that machines share only a living process is proof
 */
export async function judgeHolder({ url, host, pid, since }: StackLockHolder, here = hostname()): Promise<HolderState> {
  if (host !== here) return 'unknown';
  const isAlive = await runsSince(pid, since);
  if (isAlive) return 'alive';
  return url.startsWith('file:///') ? 'dead' : 'unknown';
}

async function runsSince(pid: number, since: string): Promise<boolean> {
  if (!exists(pid)) return false;
  const startedAt = await startOf(pid);
  if (startedAt === 'zombie') return false;
  return startedAt === undefined || startedAt <= Date.parse(since) + clockToleranceMs;
}

/** The lock's time has whole seconds, the kernel's start times hundredths. */
const clockToleranceMs = 2_000;
/** Of the kernel's interface, whatever its own clock is (proc(5)). */
const ticksPerSecond = 100;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Unix time in ms; undefined where the system does not tell. */
async function startOf(pid: number): Promise<number | 'zombie' | undefined> {
  const [stat, boot] = await Promise.all([`/proc/${pid}/stat`, '/proc/stat'].map((file) => readFile(file, 'utf8').catch(() => undefined)));
  const bootSeconds = /^btime (\d+)$/m.exec(boot ?? '')?.[1];
  // After the name, which may hold anything: the state is the 1st field, the start time the 20th.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields?.[0] === 'Z') return 'zombie';
  const ticks = fields?.[19];
  return bootSeconds === undefined || ticks === undefined ? undefined : (Number(bootSeconds) + Number(ticks) / ticksPerSecond) * 1_000;
}

export interface JudgedHolder {
  holder: StackLockHolder;
  state: HolderState;
}

/** The engine's lock is held by a process that lives, or whose death can't be proven from here. */
export class StackLockedError extends Error {
  override name = 'StackLockedError';
  readonly code = 'locked';
  readonly holders: readonly JudgedHolder[];

  constructor(stack: string, holders: readonly JudgedHolder[]) {
    super(
      [
        `The platform's stack "${stack}" is locked. Nothing was changed.`,
        ...holders.map(({ holder, state }) => describe(holder, state, stack)),
      ].join('\n'),
    );
    this.holders = holders;
  }

  /** Whether every holder is proven dead, so that the lock may be taken over. */
  get isAbandoned(): boolean {
    return this.holders.length > 0 && this.holders.every(({ state }) => state === 'dead');
  }
}

function describe({ user, host, pid, since }: StackLockHolder, state: HolderState, stack: string): string {
  const who = `${user} on ${host} (pid ${pid}) since ${since}`;
  switch (state) {
    case 'alive':
      return `  It is held by ${who}, which is running: wait until it ends, or stop it: kill -INT ${pid}`;
    case 'dead':
      return `  It is held by ${who}, which is dead.`;
    case 'unknown':
      return `  It is held by ${who}, which can't be looked at from here. Ask there whether it is still running. Only if it is not: eval "$(./authsome env)" && pulumi cancel --yes --stack ${stack}, then ./authsome up`;
  }
}
