import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface MeasuredServer {
  url: string;
  /** Memory of the process as the kernel counts it, in MiB. */
  rssMib(): number;
  stop(): Promise<void>;
}

/** Runs a bundled server as a process of its own, and waits until it tells its port. */
export async function startMeasuredServer(file: string, env: Record<string, string>): Promise<MeasuredServer> {
  const child = spawn(process.execPath, [file], { env: { ...env, NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'ignore'] });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let output = '';
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < 10_000) output += chunk.toString();
      const found = /"port":(\d+)/.exec(output)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    rssMib: () => Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)]).toString()) / 1_024),
    stop: async () => {
      process.off('exit', killAtExit);
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
