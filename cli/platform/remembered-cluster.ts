import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { readClusterIdentity, refuseOtherCluster } from './cluster-identity.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { pulumiEnvironment } from './pulumi-environment.ts';
import { findKubectl, findTools } from './tools.ts';

/** Tag of the stack, kept with its state, so that everybody who shares the state sees it. */
const tag = 'authsome:cluster';
const tagsSchema = z.record(z.string(), z.string());

export interface StackAccess {
  context: CliContext;
  pulumi: string;
  env: Record<string, string>;
}

/** The cluster that a stack belongs to; undefined if there is no stack yet, or it is from before this was remembered. */
export async function rememberedCluster({ context, pulumi, env }: StackAccess): Promise<ClusterIdentity | undefined> {
  const args = ['stack', 'tag', 'ls', '--json', '--stack', context.stack, '--non-interactive'];
  const answer = await runCommand(pulumi, args, { cwd: context.paths.repoRoot, env }).catch((error: unknown) => {
    if (error instanceof CommandError && /no stack named/.test(error.message)) return '{}';
    throw error;
  });
  const [uid, server = ''] = tagsSchema.parse(JSON.parse(answer))[tag]?.split(' ') ?? [];
  return uid === undefined ? undefined : { uid, server };
}

/** Writes down which cluster a stack belongs to, before anything is changed in that. */
export async function rememberCluster({ context, pulumi, env }: StackAccess, { uid, server }: ClusterIdentity): Promise<void> {
  const args = ['stack', 'tag', 'set', tag, `${uid} ${server}`.trim(), '--stack', context.stack, '--non-interactive'];
  await runCommand(pulumi, args, { cwd: context.paths.repoRoot, env });
}

/**
 * Makes sure that a command works on the cluster that this checkout's state belongs to. Takes a second; where no platform was ever brought up from here there is nothing to compare.
 *
 * @throws WrongClusterError, ClusterUnreachableError
 */
export async function checkCluster(context: CliContext): Promise<void> {
  const [present, remembered] = await Promise.all([
    findKubectl(context).then((kubectl) => readClusterIdentity({ kubectl, kubeconfig: context.kubeconfig })),
    findStack(context).then((stack) => (stack === undefined ? undefined : rememberedCluster(stack))),
  ]);
  refuseOtherCluster(context, remembered, present);
}

/** How to ask the engine of a platform that was brought up before; undefined if none was. Makes nothing. */
export async function findStack(context: CliContext, env: NodeJS.ProcessEnv = process.env): Promise<StackAccess | undefined> {
  const shared = env['PULUMI_BACKEND_URL'] !== undefined;
  const known = await access(join(context.paths.stateDir, 'platform-state', '.pulumi')).then(
    () => true,
    () => false,
  );
  if (!shared && !known) return undefined;
  const tools = await findTools(context);
  const programs = {
    pulumi: tools.path('pulumi'),
    kubectl: tools.path('kubectl'),
    languageHostDir: join(context.paths.stateDir, 'bin'),
  };
  return { context, pulumi: programs.pulumi, env: await pulumiEnvironment(context, programs) };
}
