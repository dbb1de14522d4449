import { execa } from 'execa';

export interface CliAnswer {
  exitCode: number | undefined;
  /** What `--json` printed. */
  json: unknown;
  all: string;
}

/** Runs the command line as a process of its own, with nothing of this one's environment but PATH. */
export async function runCli(args: readonly string[], env: Record<string, string>): Promise<CliAnswer> {
  const { exitCode, stdout, all } = await execa('node', ['cli/main.ts', ...args, '--json'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    extendEnv: false,
    reject: false,
    all: true,
  });
  return { exitCode, json: JSON.parse(stdout === '' ? 'null' : stdout), all };
}
