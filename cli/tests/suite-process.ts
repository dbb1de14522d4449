import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { endProcesses, processesWithEnv } from '../../toolchain/cluster/process-table.ts';

export interface SuiteProcessOptions {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  /** For the whole. */
  timeoutMs: number;
  /** Without a line of output. */
  stallMs?: number | undefined;
  /** Between SIGTERM and SIGKILL; 10 s if left out. */
  graceMs?: number | undefined;
  onLine: (line: string) => void;
  /** Called before anything is ended, while what hangs can still be looked at. */
  onCut: (why: 'timeout' | 'stall') => Promise<void>;
}

export interface SuiteEnd {
  exitCode: number | undefined;
  /** Why it was ended, if it did not end on its own. */
  cut: 'timeout' | 'stall' | undefined;
}

/** Every process that a suite starts inherits it, whichever session it moves to. */
const markerVariable = 'AUTHSOME_SUITE_RUN';
const defaultGraceMs = 10_000;

/**
 * Runs a suite's command in a process group of its own. If it takes too long or makes no progress, the command and everything that it has
 * started are ended, servers and operations included, so that nothing is left to hold up what comes next.
 */
export async function runSuiteProcess(options: SuiteProcessOptions): Promise<SuiteEnd> {
  const { command, args, env, timeoutMs, stallMs, graceMs = defaultGraceMs, onLine, onCut } = options;
  const marker = randomUUID();
  const child = execa(command, args, {
    env: { ...env, [markerVariable]: marker, FORCE_COLOR: '0' },
    detached: true,
    stdin: 'ignore',
    reject: false,
    buffer: false,
    all: true,
  });
  const endAll = async (): Promise<void> => {
    signalGroup(child.pid, 'SIGTERM');
    await endProcesses(await processesWithEnv(markerVariable, marker), graceMs);
    signalGroup(child.pid, 'SIGKILL');
  };

  let cut: SuiteEnd['cut'];
  const over = Promise.withResolvers<void>();
  const cutOff = (why: 'timeout' | 'stall'): void => {
    if (cut !== undefined) return;
    cut = why;
    onCut(why)
      .then(endAll)
      .then(
        () => over.resolve(),
        (error: unknown) => over.reject(error),
      );
  };
  const deadline = setTimeout(() => cutOff('timeout'), timeoutMs);
  const stall = stallMs === undefined ? undefined : setTimeout(() => cutOff('stall'), stallMs);
  // It is in a group of its own, so the terminal's Ctrl-C does not reach it.
  const forward = (signal: NodeJS.Signals): void => {
    void endAll().finally(() => process.kill(process.pid, signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, forward);
  try {
    const reader = createInterface({ input: child.all });
    reader.on('line', (line) => {
      stall?.refresh();
      onLine(line);
    });
    reader.once('close', () => cut ?? over.resolve());
    await over.promise;
    reader.close();
    // A process that moved away and changed its environment could still hold the other end.
    if (cut !== undefined) child.all.destroy();
    return { exitCode: cut === undefined ? (await child).exitCode : undefined, cut };
  } finally {
    clearTimeout(deadline);
    clearTimeout(stall);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, forward);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
