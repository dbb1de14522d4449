import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { engineMarker } from '../../../cli/platform/end-strays.ts';
import { processesWithEnv } from '../../../toolchain/cluster/process-table.ts';
import type { StrikeName } from './plan-strikes.ts';

export interface VictimRun {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Of the checkout whose command it is. */
  stateDir: string;
  /** Without one the command is let alone. */
  strike?: { name: StrikeName; delayMs: number } | undefined;
  timeoutMs: number;
}

export interface VictimEnd {
  /** False where the command was over before. */
  struck: boolean;
  exitCode: number | null;
  signal: string | null;
  /** The end of what it wrote to both, until it was struck or ended. */
  output: string;
  stdout: string;
}

/** Somebody who wants it to stop, and presses the keys again. */
const betweenInterruptsMs = 400;
const maxOutput = 4_000;

/**
 * Runs a command in a session of its own, as a terminal does, and strikes it.
 *
 * @throws Error where it does not end in time; it is killed then
 */
export async function runVictim({ file, args, cwd, env, stateDir, strike, timeoutMs }: VictimRun): Promise<VictimEnd> {
  const child = spawn(file, [...args], { cwd, env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, stdout] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-maxOutput)));
    stream.on('error', () => undefined);
  }
  // Its output may be held open by what it has left behind.
  const exited = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    child.once('error', reject);
  });
  const late = new AbortController();
  const tooLate = delay(timeoutMs, 'late' as const, { signal: late.signal }).catch(() => 'late' as const);
  const struck = strike === undefined ? false : await strikeAt(child, { ...strike, stateDir });
  const end = await Promise.race([exited, tooLate]);
  late.abort();
  if (end === 'late') {
    child.kill('SIGKILL');
    throw new Error(`${args.join(' ')} did not end within ${timeoutMs / 1_000} s\n${output}`);
  }
  // What it wrote last is still under way.
  await delay(50);
  child.stdout.destroy();
  child.stderr.destroy();
  return { struck, exitCode: end[0], signal: end[1], output, stdout };
}

async function strikeAt(
  child: ChildProcess,
  { name, delayMs, stateDir }: { name: StrikeName; delayMs: number; stateDir: string },
): Promise<boolean> {
  await delay(delayMs);
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return false;
  switch (name) {
    case 'kill':
      return child.kill('SIGKILL');
    case 'kill-all': {
      const engine = await processesWithEnv(engineMarker, stateDir);
      const struck = child.kill('SIGKILL');
      for (const { pid } of engine) end(pid, 'SIGKILL');
      return struck;
    }
    case 'interrupt':
      return end(-child.pid, 'SIGINT');
    case 'interrupt-twice':
      end(-child.pid, 'SIGINT');
      await delay(betweenInterruptsMs);
      end(-child.pid, 'SIGINT');
      return true;
    case 'close-output':
      child.stdout?.destroy();
      child.stderr?.destroy();
      return true;
  }
}

function end(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
