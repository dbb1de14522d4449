import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { storable } from '../../../domain/text.ts';
import { serverEnvironment } from './server.ts';

export interface PgProgramOptions {
  /** Folder of the programs; absent: the PATH. */
  binDir?: string | undefined;
  /** The server; absent where none is used. */
  url?: string;
  /** For a program that only reads the server. */
  readOnly?: boolean;
  signal?: AbortSignal | undefined;
}

export interface PgProgram {
  child: ChildProcess;
  /** Resolves once it has ended well. Rejects with the last lines that it wrote to stderr, which hold no secret. */
  done: Promise<void>;
}

const killAfterMs = 5_000;
const keptErrorLines = 3;

/** Starts pg_dump or pg_restore. It is given nothing of this process's environment but the path. */
export function startPgProgram(
  name: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  { binDir, url, readOnly, signal }: PgProgramOptions,
): PgProgram {
  const child = spawn(binDir === undefined ? name : join(binDir, name), args, {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LC_ALL: 'C.UTF-8',
      HOME: '/nonexistent',
      ...(url === undefined ? {} : serverEnvironment(url, { readOnly: readOnly === true })),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = `${errors}${text}`.slice(-4_000)));
  const force = (): void => void setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref();
  signal?.addEventListener('abort', force, { once: true });
  const done = ended(child, name, () => errors).finally(() => signal?.removeEventListener('abort', force));
  // Whoever started it may be waiting for its output first.
  done.catch(() => undefined);
  return { child, done };
}

async function ended(child: ChildProcess, name: string, errors: () => string): Promise<void> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return;
  const lines = storable(errors()).trim().split('\n').slice(-keptErrorLines).join('; ');
  throw new Error(`${name} ended with ${signal ?? `exit code ${String(code)}`}${lines === '' ? '' : `: ${lines}`}`);
}
