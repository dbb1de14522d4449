import { join } from 'node:path';
import { execa } from 'execa';
import type { CliContext } from '../context.ts';
import { guarded } from '../interruption.ts';
import { withPlatform } from './with-platform.ts';

/** Passed on as they are; the suite checks them. */
export interface FaultsOptions {
  runs: string;
  seed: string;
  life?: string;
  faults?: string;
  operations?: string;
  victims?: string;
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
    const suite = execa(
      process.execPath,
      [join(context.paths.repoRoot, 'test/faults/main.ts'), ...given, ...(context.json ? ['--json'] : [])],
      {
        cwd: context.paths.repoRoot,
        stdio: ['ignore', 'inherit', 'inherit'],
        reject: false,
        // A session of its own: a terminal's Ctrl-C reaches it once, from here. It then removes what it has made; a second one ends it at once.
        detached: true,
      },
    );
    return guarded(context.interruption, {
      run: async () => (await suite).exitCode === 0,
      stop: () => suite.kill('SIGINT'),
      force: async () => {
        suite.kill('SIGKILL');
        await suite;
      },
    });
  });
}
