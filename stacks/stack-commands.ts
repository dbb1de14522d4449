import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { EngineSettings } from './engine-environment.ts';
import { engineEnvironment } from './engine-environment.ts';

/** Both change a few rows; they take half a second. */
const timeoutMs = 60_000;

export interface NamedStack {
  project: string;
  stack: string;
}

export type CommandSettings = EngineSettings & { pulumiCommand: PulumiCommand };

/**
 * Removes an empty stack with its history and backups. The Automation API's own removeStack leaves the backups, and with them the
 * secrets of a tenant that is gone.
 */
export function removeStack(settings: CommandSettings, stack: NamedStack): Promise<void> {
  return runCommand(settings, stack, ['stack', 'rm', '--yes', '--remove-backups']);
}

/** Lets everything in a stack's state be deleted. The Automation API has nothing for it. */
export function unprotectAll(settings: CommandSettings, stack: NamedStack): Promise<void> {
  return runCommand(settings, stack, ['state', 'unprotect', '--all', '--yes']);
}

async function runCommand(settings: CommandSettings, { project, stack }: NamedStack, command: string[]): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'authsome-stack-'));
  try {
    await writeFile(join(workDir, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
    const args = [...command, '--non-interactive', '--stack', stack];
    const env = { ...process.env, ...engineEnvironment(settings) };
    await promisify(execFile)(settings.pulumiCommand.command, args, { cwd: workDir, env, timeout: timeoutMs });
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
