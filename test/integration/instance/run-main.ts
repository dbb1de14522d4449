import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunningMain {
  url: string;
  metricsUrl: string;
  /** All that was logged so far. */
  output(): string;
  /** Sends SIGTERM and returns the exit code; SIGKILL follows if it hangs. */
  terminate(): Promise<number | null>;
}

type Env = Record<string, string>;

/** Above the 30 s that a shutdown may take. */
const terminateTimeoutMs = 40_000;

/** Starts a server's `main.ts` as a process of its own on a free port, and waits until it listens. */
export async function runMain(entrypoint: string, env: Env): Promise<RunningMain> {
  const child = spawn(process.execPath, [entrypoint], {
    env: { METRICS_PORT: '0', ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const [port, metricsPort] = await new Promise<[string, string]>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const [, found, metrics] = /"port":(\d+),"metricsPort":(\d+)/.exec(output) ?? [];
      if (found !== undefined && metrics !== undefined) resolve([found, metrics]);
    });
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    output: () => output,
    terminate: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), terminateTimeoutMs);
      const [code] = await exited;
      clearTimeout(force);
      return code;
    },
  };
}

/** Runs an entrypoint that ends by itself. */
export async function runTask(entrypoint: string, env: Env): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [entrypoint], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
