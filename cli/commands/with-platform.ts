import { readClusterStatus } from '../../toolchain/cluster/cluster-status.ts';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import type { CliContext } from '../context.ts';
import { findTools } from '../platform/tools.ts';
import { down } from './down.ts';
import { up } from './up.ts';

/** The platform as `up` leaves it; one that was down before is down after. */
export async function withPlatform<Result>(context: CliContext, use: (tools: ToolBinaries) => Promise<Result>): Promise<Result> {
  const wasUp = context.kind === 'external' || (await readClusterStatus(context.cluster)) !== undefined;
  await up({ ...context, json: false }, { demo: false });
  try {
    return await use(await findTools(context));
  } finally {
    if (!wasUp) await down({ ...context, json: false }, { purge: false });
  }
}
