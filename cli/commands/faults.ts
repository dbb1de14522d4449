import { join } from 'node:path';
import { execa } from 'execa';
import type { CliContext } from '../context.ts';
import { withPlatform } from './with-platform.ts';

/** Passed on as they are; the suite checks them. */
export interface FaultsOptions {
  runs: string;
  seed: string;
  life?: string;
  faults?: string;
  operations?: string;
}

/**
 * `authsome faults`: kills parts of the local platform at random moments of applications' operations, and checks that each is recovered
 * without help. Brings the platform up where it is down, and stops it again.
 *
 * @returns whether everything was recovered
 */
export async function faults(context: CliContext, options: FaultsOptions): Promise<boolean> {
  if (context.kind === 'external') throw new Error('faults kills processes of the local cluster: unset KUBECONFIG');
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return withPlatform(context, async () => {
    // Every step of the suite has its own limit.
    const { exitCode } = await execa(
      process.execPath,
      [join(context.paths.repoRoot, 'test/faults/main.ts'), ...given, ...(context.json ? ['--json'] : [])],
      {
        cwd: context.paths.repoRoot,
        stdio: ['ignore', 'inherit', 'inherit'],
        reject: false,
        // A signal to the terminal reaches the suite too, which then removes what it has made.
        forceKillAfterDelay: 600_000,
      },
    );
    return exitCode === 0;
  });
}
