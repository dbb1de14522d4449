import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { killSession } from './kill-session.ts';

export interface OperationChild {
  stdin: Writable;
  stdout: Readable;
  /** Resolves with the exit code or signal, in words, when the child and all that came of it have ended. */
  ended: Promise<string>;
  isAlive(): boolean;
  /** The end of what it has written to stderr. */
  stderr(): string;
  /** Asks it to stop: it tells the engine, which saves its state and unlocks the stack. */
  interrupt(): void;
  /** Ends it and all that came of it, at once. */
  kill(): void;
}

export interface ChildStart {
  entry: string;
  env: Record<string, string>;
  /** With the lowest priority of the processor, and so all that comes of it. */
  background?: boolean;
}

/** Enough for the message of an exception that ended a child without a word on stdout. */
const keptStderr = 2_000;

/**
 * Starts the program of an operation, which then waits for its request on stdin. It leads a session of its own, so that a signal to this
 * process's group does not reach it, and all that comes of it can be found.
 */
export function startChild({ entry, env, background = false }: ChildStart): OperationChild {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(process.execPath, [entry], {
    detached: true,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (background) lowerPriority(child.pid);
  let alive = true;
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-keptStderr);
  });
  // EPIPE of a child that died at once: its exit tells more.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      alive = false;
      // What it left behind would hold its pipes open, and work on the stack without a lease.
      killSession(child.pid);
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    isAlive: () => alive,
    stderr: () => stderr.trim(),
    // To the child alone: pulumi gives its state up on a second interrupt, and the child sends the first.
    interrupt: () => void child.kill('SIGINT'),
    kill: () => killSession(child.pid),
  };
}

/** Before it starts anything: what is started inherits it. */
function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, which its end tells.
  }
}
