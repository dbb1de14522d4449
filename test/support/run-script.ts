import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export interface RunningScript {
  child: ChildProcess;
  /** The next line on stdout. */
  line: () => Promise<string>;
  ended: Promise<{ code: number | null; signal: string | null; stderr: string }>;
}

/**
 * Starts a process that runs a script, as what is tested needs a process of its own: it is killed, or its output is closed.
 *
 * @param script an ES module; `@/` stands for the checkout's folder
 */
export function runScript(script: string, options: { detached?: boolean; env?: Record<string, string> } = {}): RunningScript {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script.replaceAll('@/', `${root}/`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.detached ?? false,
    env: { ...process.env, ...options.env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    child,
    line: async () => {
      const { value } = await lines.next();
      return value ?? '';
    },
    ended: once(child, 'close').then(([code, signal]: unknown[]) => ({
      code: code as number | null,
      signal: signal as string | null,
      stderr,
    })),
  };
}
