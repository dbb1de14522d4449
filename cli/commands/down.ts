import { rm } from 'node:fs/promises';
import { stopCluster } from '../../toolchain/cluster/stop-cluster.ts';
import { withCheckoutLock } from '../checkout-lock.ts';
import type { CliContext } from '../context.ts';
import { destroyPlatform } from '../platform/apply-platform.ts';
import { endStrays } from '../platform/end-strays.ts';
import { preparePulumi } from '../platform/prepare-platform.ts';
import { pulumiEnvironment } from '../platform/pulumi-environment.ts';
import { isPurgeUnfinished, purgeState } from '../platform/purge-state.ts';
import { refuseWhileTenantsExist } from '../platform/refuse-while-tenants-exist.ts';
import { checkCluster } from '../platform/remembered-cluster.ts';
import { findTools } from '../platform/tools.ts';
import { printJson } from '../print.ts';

/**
 * `authsome down`: the local cluster stops, its data stays; with `purge` the data goes too. On a cluster of one's own only `purge` does
 * something: it destroys the platform stack. Killed at any moment, the same command goes on from there.
 */
export async function down(context: CliContext, { purge }: { purge: boolean }): Promise<void> {
  const command = `./authsome down${purge ? ' --purge' : ''}`;
  if (context.interruption !== undefined) context.interruption.hint = `To go on: ${command}`;
  const say = (line: string): void =>
    void (context.json || process.stderr.isTTY !== true || process.stderr.write(`\r\u001B[K${line.slice(0, process.stderr.columns - 1)}`));
  await withCheckoutLock(context, command, async () => {
    if (context.kind === 'local') await stopLocal(context, { purge, say });
    else if (purge) await removePlatform(context, say);
    else throw new Error('KUBECONFIG names a cluster of your own: it is not stopped. `down --purge` removes the platform from it.');
  });
  say('');
  if (context.json) printJson({ stopped: true, purged: purge });
  else console.log(purge ? 'Stopped, and all data removed.' : 'Stopped. The data is kept: ./authsome up goes on with it.');
}

async function stopLocal(context: CliContext, { purge, say }: { purge: boolean; say: (line: string) => void }): Promise<void> {
  // An `up` that was killed may have left an engine that goes on changing things.
  await endStrays(context, say);
  await stopCluster(context.cluster, say);
  if (!purge && !(await isPurgeUnfinished(context))) return;
  await purgeState(context, say);
  await rm(context.paths.stateDir, { recursive: true, force: true });
}

async function removePlatform(context: CliContext, say: (line: string) => void): Promise<void> {
  await checkCluster(context);
  const programs = await preparePulumi(context, await findTools(context), say);
  await refuseWhileTenantsExist(context, programs.kubectl);
  const env = await pulumiEnvironment(context, programs);
  await destroyPlatform({ context, pulumi: programs.pulumi, kubectl: programs.kubectl, env, say });
}
