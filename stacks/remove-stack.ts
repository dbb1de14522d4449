import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { EngineSettings } from './engine-environment.ts';
import { engineEnvironment } from './engine-environment.ts';

/** Removing deletes a few rows; it takes half a second. */
const timeoutMs = 60_000;

/**
 * Removes an empty stack with its history and backups. The Automation API's own removeStack leaves the backups, and with them the
 * secrets of a tenant that is gone.
 */
export async function removeStack(
  settings: EngineSettings & { pulumiCommand: PulumiCommand },
  { project, stack }: { project: string; stack: string },
): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'authsome-stack-'));
  try {
    await writeFile(join(workDir, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
    await promisify(execFile)(
      settings.pulumiCommand.command,
      ['stack', 'rm', '--yes', '--remove-backups', '--non-interactive', '--stack', stack],
      { cwd: workDir, env: { ...process.env, ...engineEnvironment(settings) }, timeout: timeoutMs },
    );
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
