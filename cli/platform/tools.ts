import { join } from 'node:path';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import { buildGoTools } from '../../toolchain/tools/build-go-tools.ts';
import { goTools } from '../../toolchain/tools/go-tools.ts';
import type { CliContext } from '../context.ts';

/** With a cluster of one's own, nothing of Kubernetes is built: kubectl comes from PATH, as does whatever else that cluster needs. */
const externalModules = ['nats', 'pulumi', 'pulumi-kubernetes'];
const observabilityModules = ['prometheus', 'jaeger'];
/** No platform needs these. */
const testModules = ['kube-score'];

/** Builds what is missing of the Go tools that this kind of platform needs. */
export function ensureTools(context: CliContext, say: (line: string) => void): Promise<ToolBinaries> {
  return tools(context, { build: true, say });
}

/** Programs that the integration tests run, besides those of the platform. */
export function ensureTestTools(context: CliContext, say: (line: string) => void): Promise<ToolBinaries> {
  const modulesDir = join(context.paths.repoRoot, 'toolchain', 'modules');
  return buildGoTools({ modulesDir, cacheDir: context.paths.cacheDir, only: testModules, say });
}

/** Only what a preview needs: the engine, and the provider that knows which changes Kubernetes replaces. */
export async function ensurePulumiTools(context: CliContext, say: (line: string) => void): Promise<ToolBinaries> {
  const built = await buildGoTools({
    modulesDir: join(context.paths.repoRoot, 'toolchain', 'modules'),
    cacheDir: context.paths.cacheDir,
    only: ['pulumi', 'pulumi-kubernetes'],
    say,
  });
  return { path: (name) => (name === 'kubectl' ? 'kubectl' : built.path(name)) };
}

/** The tools as they are: fails, instead of building for minutes, where one is missing. */
export function findTools(context: CliContext): Promise<ToolBinaries> {
  return tools(context, { build: false, say: () => undefined });
}

/** The kubectl that belongs to the cluster, or the one of PATH where ours was not built. */
export async function findKubectl(context: CliContext): Promise<string> {
  return findTools(context).then(
    (built) => built.path('kubectl'),
    () => 'kubectl',
  );
}

async function tools(context: CliContext, options: { build: boolean; say: (line: string) => void }): Promise<ToolBinaries> {
  const built = await buildGoTools({
    modulesDir: join(context.paths.repoRoot, 'toolchain', 'modules'),
    cacheDir: context.paths.cacheDir,
    only: wantedModules(context),
    ...options,
  });
  return context.kind === 'local' ? built : { path: (name) => (name === 'kubectl' ? 'kubectl' : built.path(name)) };
}

function wantedModules({ kind, observability }: CliContext): string[] {
  if (kind === 'external') return externalModules;
  const all = goTools.map(({ module }) => module).filter((module) => !testModules.includes(module));
  return observability ? all : all.filter((module) => !observabilityModules.includes(module));
}
