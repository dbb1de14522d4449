import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { purgeCluster, stopCluster } from '../../toolchain/cluster/stop-cluster.ts';
import type { CliContext } from '../context.ts';
import { refuseWhileTenantsExist } from '../platform/refuse-while-tenants-exist.ts';
import { destroyPlatform } from '../platform/apply-platform.ts';
import { preparePulumi } from '../platform/prepare-platform.ts';
import { pulumiEnvironment } from '../platform/pulumi-environment.ts';
import { findTools } from '../platform/tools.ts';
import { printJson } from '../print.ts';

/**
 * `authsome down`: the local cluster stops, its data stays; with `purge` the data goes too. On a cluster of one's own only `purge` does
 * something: it destroys the platform stack.
 */
export async function down(context: CliContext, { purge }: { purge: boolean }): Promise<void> {
  const say = (line: string): void =>
    void (context.json || process.stderr.isTTY !== true || process.stderr.write(`\r\u001B[K${line.slice(0, process.stderr.columns - 1)}`));
  if (context.kind === 'local') {
    await stopCluster(context.cluster, say);
    if (purge) {
      await purgeCluster(context.cluster);
      await rm(context.paths.stateDir, { recursive: true, force: true });
      // Made by the first `up`; its salt belongs to the passphrase that has just gone.
      await rm(join(context.paths.repoRoot, 'stacks', 'Pulumi.local.yaml'), { force: true });
    }
  } else if (purge) {
    const tools = await findTools(context);
    const programs = await preparePulumi(context, tools, say);
    await refuseWhileTenantsExist(context, programs.kubectl);
    await destroyPlatform({ context, pulumi: programs.pulumi, env: await pulumiEnvironment(context, programs) });
  } else {
    throw new Error('KUBECONFIG names a cluster of your own: it is not stopped. `down --purge` removes the platform from it.');
  }
  say('');
  if (context.json) printJson({ stopped: true, purged: purge });
  else console.log(purge ? 'Stopped, and all data removed.' : 'Stopped. The data is kept: ./authsome up goes on with it.');
}
