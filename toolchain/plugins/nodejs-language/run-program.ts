import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface ProgramRun {
  engineAddress: string;
  monitorAddress: string;
  project: string;
  stack: string;
  organization: string;
  parallel: number;
  dryRun: boolean;
  rootDirectory: string;
  programDirectory: string;
  /** Relative to the program directory; `.` for its index file. */
  entryPoint: string;
  config: Record<string, string>;
  secretConfigKeys: string[];
  signal: AbortSignal;
}

export interface ProgramResult {
  /** The program failed and has reported why: the engine needs to add nothing. */
  bail: boolean;
  /** Empty where the program succeeded. */
  error: string;
}

/** The SDK's own exit code for "failed, and said why" (cmd/run/index.ts). */
const reportedFailureExitCode = 32;

/** Runs a Node program under the SDK's launcher, and waits until it has ended. Node strips the types of TypeScript by itself. */
export async function runProgram(run: ProgramRun): Promise<ProgramResult> {
  const child = spawn(process.execPath, [launcherPath(run.programDirectory), ...launcherArguments(run)], {
    cwd: run.programDirectory,
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(run.config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(run.secretConfigKeys),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  run.signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return { bail: false, error: '' };
  if (code === reportedFailureExitCode) return { bail: true, error: '' };
  return { bail: false, error: signal ? `the program was ended by ${signal}` : `the program exited with code ${code}` };
}

/** The launcher must be that of the program's own SDK: two copies would not see each other's resources. */
function launcherPath(programDirectory: string): string {
  const require = createRequire(join(programDirectory, 'package.json'));
  try {
    return join(dirname(require.resolve('@pulumi/pulumi/package.json')), 'cmd/run');
  } catch (cause) {
    throw new Error(`@pulumi/pulumi is not installed for ${programDirectory}; run npm ci`, { cause });
  }
}

function launcherArguments(run: ProgramRun): string[] {
  return [
    `--monitor=${run.monitorAddress}`,
    `--engine=${run.engineAddress}`,
    `--project=${run.project}`,
    `--stack=${run.stack}`,
    `--organization=${run.organization}`,
    `--root-directory=${run.rootDirectory}`,
    `--parallel=${run.parallel}`,
    `--pwd=${run.programDirectory}`,
    ...(run.dryRun ? ['--dry-run'] : []),
    run.entryPoint,
  ];
}
