import { execa } from 'execa';

export interface CliAnswer {
  exitCode: number | undefined;
  /** What `--json` printed. */
  json: unknown;
  all: string;
}

/** Runs the command line as a process of its own, with nothing of this one's environment but PATH. */
export async function runCli(args: readonly string[], env: Record<string, string>): Promise<CliAnswer> {
  const { exitCode, stdout, all } = await run([...args, '--json'], env);
  return { exitCode, json: JSON.parse(stdout === '' ? 'null' : stdout), all };
}

/** The same as a person has it, without a terminal. */
export async function runPlainCli(args: readonly string[], env: Record<string, string>): Promise<Omit<CliAnswer, 'json'>> {
  const { exitCode, all } = await run(args, env);
  return { exitCode, all };
}

function run(args: readonly string[], env: Record<string, string>) {
  return execa('node', ['cli/main.ts', ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    extendEnv: false,
    reject: false,
    all: true,
  });
}
