import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

export interface ChildServer {
  pid: number;
  /** Stops it and waits until it has exited. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface ChildServerOptions {
  command: string;
  args: string[];
  options?: SpawnOptions;
  /** Resolves once the server answers; tried again until it does, and given up after 5 s each time. */
  probe: () => Promise<void>;
}

const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;
const probePauseMs = 20;
const probeTimeoutMs = 5_000;
const keptOutput = 4_000;

/** Starts a server as a child process and waits until it answers. It is killed when this process exits, however that happens but by SIGKILL. */
export async function startChildServer({ command, args, options, probe }: ChildServerOptions): Promise<ChildServer> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-keptOutput);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (err) => resolve(err.message));
    child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);

  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    process.off('exit', killAtExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(force);
  };

  let end: string | undefined;
  void exited.then((how) => {
    end = how;
  });
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      await withinTime(probe(), probeTimeoutMs);
      break;
    } catch (err) {
      if (end === undefined && Date.now() < deadline) await pause(probePauseMs);
      else {
        const how = end ?? `no answer within ${startTimeoutMs} ms`;
        await stop('SIGKILL');
        throw new Error(`${command} did not start (${how}): ${output}`, { cause: err });
      }
    }
  }
  return { pid: child.pid ?? 0, stop };
}

/** A probe that neither succeeds nor fails must not hold the start. */
async function withinTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  const over = new AbortController();
  const timeout = pause(timeoutMs, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${timeoutMs} ms`);
  });
  timeout.catch(() => undefined);
  try {
    await Promise.race([work, timeout]);
  } finally {
    over.abort();
  }
}
