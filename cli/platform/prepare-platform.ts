import { join } from 'node:path';
import { startCluster, ensureVolume } from '../../toolchain/cluster/start-cluster.ts';
import { imagePackages } from '../../toolchain/images/apt-packages.ts';
import { buildImages } from '../../toolchain/images/build-images.ts';
import type { BuiltImage } from '../../toolchain/images/build-images.ts';
import { imageNames, observabilityImageNames } from '../../toolchain/images/image-definitions.ts';
import type { ImageName } from '../../toolchain/images/image-definitions.ts';
import { loadImages } from '../../toolchain/images/load-images.ts';
import { pushImages } from '../../toolchain/images/push-images.ts';
import { installPlugins } from '../../toolchain/plugins/install-plugins.ts';
import { ensureAptPackages, nodePackages } from '../../toolchain/tools/apt-packages.ts';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import type { CliContext } from '../context.ts';
import { writeImageReferences } from './image-references.ts';
import { findPublishedImages } from './observability.ts';
import { pulumiHome } from './pulumi-environment.ts';
import type { PulumiPrograms } from './pulumi-environment.ts';

type Say = (line: string) => void;

/** Users that own the data of the local volumes: those of the images. */
const volumeOwners = {
  ...{ postgres: 999, 'tenants-postgres': 999, redis: 999, nats: 999, backups: 10_001 },
  ...{ prometheus: 65_534, alertmanager: 65_534, jaeger: 65_534, loki: 65_534 },
};

export async function preparePackages(context: CliContext, say: Say): Promise<void> {
  await ensureAptPackages(context.kind === 'local' ? [...nodePackages, ...imagePackages] : imagePackages, say);
}

export async function prepareImages(context: CliContext, tools: ToolBinaries, say: Say): Promise<BuiltImage[]> {
  const observed = context.kind === 'local' && context.observability;
  return buildImages({
    repoRoot: context.paths.repoRoot,
    cacheDir: context.paths.cacheDir,
    binaries: {
      node: process.execPath,
      pulumi: tools.path('pulumi'),
      kubernetesProvider: tools.path('pulumi-resource-kubernetes'),
      natsServer: tools.path('nats-server'),
      pause: tools.path('pause'),
      ...(observed ? { prometheus: tools.path('prometheus'), jaeger: tools.path('jaeger') } : {}),
    },
    ...(observed ? {} : { only: imageNames.filter((name) => !isObservability(name)) }),
    onProgress: say,
  });
}

export async function prepareCluster(
  context: CliContext,
  tools: ToolBinaries,
  images: readonly BuiltImage[],
  say: Say,
): Promise<{ changed: boolean }> {
  const pause = images.find(({ name }) => name === 'pause');
  if (pause === undefined) throw new Error('the pause image was not built');
  const result = await startCluster({ paths: context.cluster, tools, images: { pause: pause.reference }, say });
  for (const [name, uid] of Object.entries(volumeOwners)) await ensureVolume(context.cluster, name, uid);
  return result;
}

/** Brings the images to where the cluster's nodes find them, and writes down their references for the platform program. */
export async function deliverImages(
  context: CliContext,
  images: readonly BuiltImage[],
  say: Say,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (context.kind === 'local') {
    await loadImages({ images, socket: context.cluster.containerdSocket, onProgress: say });
    const published = context.observability ? await findPublishedImages(say) : {};
    return writeImageReferences(join(context.paths.stateDir, 'images.json'), images, published);
  }
  const registry = env['AUTHSOME_REGISTRY'];
  if (registry === undefined)
    throw new Error(
      'KUBECONFIG names a cluster: set AUTHSOME_REGISTRY to a registry that its nodes pull from, e.g. registry.example.com/authsome',
    );
  const pushed = await pushImages({ images: images.filter(({ name }) => name !== 'pause'), registry, onProgress: say });
  return writeImageReferences(join(context.paths.stateDir, 'images.json'), pushed);
}

export async function preparePulumi(context: CliContext, tools: ToolBinaries, say: Say): Promise<PulumiPrograms> {
  const languageHostDir = join(context.paths.stateDir, 'bin');
  await installPlugins({
    pulumi: tools.path('pulumi'),
    pulumiHome: pulumiHome(context),
    node: process.execPath,
    repoRoot: context.paths.repoRoot,
    // Without an edge there is no use for the others, and to bundle them costs each run a second.
    ...(context.stack === 'local' && { plugins: ['random', 'postgresql'] }),
    kubernetesProvider: tools.path('pulumi-resource-kubernetes'),
    languageHostDir,
    log: say,
  });
  return { pulumi: tools.path('pulumi'), languageHostDir, kubectl: tools.path('kubectl') };
}

function isObservability(name: ImageName): boolean {
  return observabilityImageNames.some((other) => other === name);
}
