import { join } from 'node:path';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import { buildGoTools } from '../../toolchain/tools/build-go-tools.ts';
import type { CliContext } from '../context.ts';

/** With a cluster of one's own, nothing of Kubernetes is built: kubectl comes from PATH, as does whatever else that cluster needs. */
const externalModules = ['nats', 'pulumi', 'pulumi-kubernetes'];

/** Builds what is missing of the Go tools that this kind of platform needs. */
export async function ensureTools(context: CliContext, say: (line: string) => void): Promise<ToolBinaries> {
  const tools = await buildGoTools({
    modulesDir: join(context.paths.repoRoot, 'toolchain', 'modules'),
    cacheDir: context.paths.cacheDir,
    ...(context.kind === 'external' ? { only: externalModules } : {}),
    say,
  });
  return context.kind === 'local' ? tools : { path: (name) => (name === 'kubectl' ? 'kubectl' : tools.path(name)) };
}
