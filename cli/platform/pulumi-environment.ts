import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createAtomically } from '../../toolchain/write-atomically.ts';
import type { CliContext } from '../context.ts';
import { secretFile } from '../context.ts';

export interface PulumiPrograms {
  pulumi: string;
  /** Folder with the `pulumi-language-nodejs` host, where the CLI brings none along. */
  languageHostDir: string;
  kubectl: string;
}

/**
 * Environment in which `pulumi` works on the platform stack: state in a folder of the checkout unless PULUMI_BACKEND_URL says otherwise, a
 * passphrase made on first use, plugins of this checkout.
 */
export async function pulumiEnvironment(
  context: CliContext,
  programs: PulumiPrograms,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const stateFolder = join(context.paths.stateDir, 'platform-state');
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const passphraseGiven = env['PULUMI_CONFIG_PASSPHRASE'] !== undefined || env['PULUMI_CONFIG_PASSPHRASE_FILE'] !== undefined;
  return {
    PATH: [dirname(programs.pulumi), programs.languageHostDir, dirname(process.execPath), dirname(programs.kubectl), env['PATH']].join(':'),
    KUBECONFIG: context.kubeconfig,
    PULUMI_HOME: pulumiHome(context),
    PULUMI_BACKEND_URL: env['PULUMI_BACKEND_URL'] ?? `file://${stateFolder}`,
    ...(passphraseGiven ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(context) }),
    PULUMI_SKIP_UPDATE_CHECK: '1',
    // What somebody changed by hand is put back, whoever changed it. The provider's state has it, so every `pulumi` on this stack needs the same.
    PULUMI_K8S_ENABLE_PATCH_FORCE: 'true',
    AUTHSOME_STATE_DIR: context.paths.stateDir,
  };
}

export function pulumiHome(context: CliContext): string {
  return join(context.paths.stateDir, 'pulumi');
}

async function passphraseFile(context: CliContext): Promise<string> {
  const file = secretFile(context, 'platform-passphrase');
  const present = await readFile(file, 'utf8').catch(() => undefined);
  // Of two first runs at once, one makes it. A run that is killed must not leave half a passphrase.
  if (present === undefined) await createAtomically(file, randomBytes(32).toString('base64url'));
  return file;
}
