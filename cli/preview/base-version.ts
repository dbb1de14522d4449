import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../toolchain/tools/run-command.ts';

/** What of the repository the platform's program is made of. */
const programPaths = ['platform', 'stacks', 'Pulumi.yaml', 'package.json'];

/**
 * Another version of the platform's program, in a temporary folder for as long as it is used. Its dependencies are those of this checkout.
 *
 * @param ref a commit, branch or tag that this repository has
 * @throws CommandError where git does not know it
 */
export async function withBaseVersion<Result>(repoRoot: string, ref: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  const commit = (await runCommand('git', ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`], { cwd: repoRoot })).trim();
  const folder = await mkdtemp(join(tmpdir(), 'authsome-base-'));
  try {
    const archive = join(folder, 'base.tar');
    await runCommand('git', ['archive', '--format=tar', `--output=${archive}`, commit, ...programPaths], { cwd: repoRoot });
    await runCommand('tar', ['-xf', archive, '-C', folder]);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
