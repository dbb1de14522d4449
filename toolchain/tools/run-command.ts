import { execa } from 'execa';
import type { Options } from 'execa';

/** A program that failed: its command line, how it ended, and the last lines it wrote. Arguments are never secret here. */
export class CommandError extends Error {
  readonly command: string;
  readonly tail: string;

  constructor(command: string, reason: string, tail: string) {
    super(`${command} ${reason}${tail === '' ? '' : `\n${tail}`}`);
    this.name = 'CommandError';
    this.command = command;
    this.tail = tail;
  }
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 *
 * @param options.timeout in ms; every command has one, 60 s unless said
 * @throws CommandError with the last 20 lines of stderr and stdout
 */
export async function runCommand(file: string, args: readonly string[], options: Options = {}): Promise<string> {
  const result = await execa(file, args, { timeout: 60_000, stdin: 'ignore', ...options, reject: false, all: true });
  if (result.failed) {
    const reason = result.timedOut
      ? `did not finish in ${String(options.timeout ?? 60_000)} ms`
      : `failed: ${result.exitCode === undefined ? (result.originalMessage ?? result.signal ?? 'unknown cause') : `exit code ${result.exitCode}`}`;
    throw new CommandError([file, ...args].join(' ').slice(0, 300), reason, lastLines(String(result.all ?? '')));
  }
  return typeof result.stdout === 'string' ? result.stdout : '';
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}
