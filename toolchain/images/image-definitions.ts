import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundle } from './bundle.ts';
import { debianRootfs, sharedLibraries, suite } from './debian-rootfs.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { accountEntries, binaryLayer, filesLayer } from './image-recipe.ts';
import type { LayerEntry } from './layer.ts';
import { modulesLayer } from './module-closure.ts';
import type { LayerRecipe } from './oci-layout.ts';
import { pluginLayers } from './plugin-layers.ts';
import { alertmanager, staticServer } from './observability-images.ts';
import { nats, postgres, postgresClient, postgresPrograms, redis } from './server-images.ts';

/** Programs that come from outside the repository. */
export interface ImageBinaries {
  node: string;
  pulumi: string;
  kubernetesProvider: string;
  natsServer: string;
  pause: string;
  /** Only where images of the observability are built. */
  prometheus?: string | undefined;
  jaeger?: string | undefined;
}

export interface ImageInputs {
  repoRoot: string;
  /** Where bundles are kept. */
  bundleDir: string;
  binaries: ImageBinaries;
}

/** Elsewhere than on one's own machine, what these projects publish is used. */
export const observabilityImageNames = ['prometheus', 'alertmanager', 'jaeger'] as const;
export const imageNames = [
  ...(['pause', 'postgres', 'redis', 'nats', 'control-api', 'provisioner', 'proxy', 'instance', 'backup'] as const),
  ...observabilityImageNames,
] as const;
export type ImageName = (typeof imageNames)[number];

const app = { name: 'app', id: 10_001 };
const nodePath = 'PATH=/usr/local/bin:/usr/bin:/bin';
/** Left out of the provisioner's bundles: Pulumi's SDK finds its own files by path, and must be loaded once. */
const pulumiPackages = ['@pulumi/pulumi', '@pulumi/kubernetes', '@pulumi/postgresql', '@pulumi/random'];

/** What is in an image. Each runs as its own user, with a root file system that may be read-only. */
export async function imageRecipe(name: ImageName, inputs: ImageInputs): Promise<ImageRecipe> {
  switch (name) {
    case 'pause':
      return {
        name,
        user: { name: 'pause', id: 65_535 },
        layers: [await binaryLayer({ source: inputs.binaries.pause, path: 'pause' })],
        config: { Entrypoint: ['/pause'] },
      };
    case 'postgres':
      return postgres(inputs.repoRoot);
    case 'redis':
      return redis();
    case 'nats':
      return nats(inputs.binaries.natsServer);
    case 'alertmanager':
      return alertmanager();
    case 'prometheus':
    case 'jaeger': {
      const binary = inputs.binaries[name];
      if (binary === undefined) throw new Error(`the image of ${name} needs its program`);
      return staticServer(name, binary);
    }
    case 'control-api':
      return service(
        inputs,
        name,
        { 'main.mjs': 'services/control-api/main.ts', 'setup-database.mjs': 'services/control-api/setup-database.ts' },
        await migrations(inputs, 'services/shared/db/migrations'),
        ['MIGRATIONS_DIR=/app/migrations'],
      );
    case 'provisioner':
      return provisioner(inputs);
    case 'proxy':
      return service(inputs, name, { 'main.mjs': 'proxy/main.ts' });
    case 'instance':
      return service(inputs, name, { 'main.mjs': 'services/instance/main.ts' });
    case 'backup':
      return backup(inputs);
  }
}

async function service(
  inputs: ImageInputs,
  name: ImageName,
  programs: Readonly<Record<string, string>>,
  files: readonly LayerEntry[] = [],
  env: readonly string[] = [],
): Promise<ImageRecipe> {
  return {
    name,
    user: app,
    layers: [...(await nodeLayers(inputs)), await programLayer(inputs, programs, files)],
    config: {
      Entrypoint: ['node', '/app/main.mjs'],
      WorkingDir: '/app',
      Env: [nodePath, 'NODE_ENV=production', ...env],
    },
  };
}

/** A service with PostgreSQL's own programs, of the version of the postgres image: they dump servers up to that. */
async function backup(inputs: ImageInputs): Promise<ImageRecipe> {
  const recipe = await service(inputs, 'backup', { 'main.mjs': 'services/backup/main.ts' });
  return {
    ...recipe,
    layers: [postgresClient(), ...recipe.layers],
    config: { ...recipe.config, Env: [`${nodePath}:${postgresPrograms}`, 'NODE_ENV=production'] },
  };
}

async function provisioner(inputs: ImageInputs): Promise<ImageRecipe> {
  const { repoRoot, binaries } = inputs;
  const programs = { 'main.mjs': 'services/provisioner/main.ts', 'operation-child.mjs': 'stacks/operation-child.ts' };
  const entrypoint = await readFile(join(repoRoot, 'toolchain/images/provisioner/entrypoint.sh'));
  return {
    name: 'provisioner',
    user: app,
    layers: [
      ...(await nodeLayers(inputs)),
      // The entrypoint and the plugins' launchers are shell scripts.
      debianRootfs({ suite, packages: ['busybox-static'], keep: ['bin/busybox'] }),
      filesLayer(['bin/sh', 'bin/ln', 'bin/mkdir', 'usr/bin/dirname'].map((path) => ({ path, type: 'symlink', target: '/bin/busybox' }))),
      await binaryLayer({ source: binaries.pulumi, path: 'usr/local/bin/pulumi' }),
      await modulesLayer({ repoRoot, names: pulumiPackages, target: 'app' }),
      ...(await pluginLayers(inputs)),
      await programLayer(
        inputs,
        programs,
        [{ path: 'usr/local/bin/entrypoint.sh', type: 'file', mode: 0o755, content: entrypoint }],
        pulumiPackages,
      ),
    ],
    config: {
      Entrypoint: ['/usr/local/bin/entrypoint.sh'],
      WorkingDir: '/app',
      Env: [nodePath, 'NODE_ENV=production', 'HOME=/tmp', 'PULUMI_HOME=/tmp/pulumi', 'OPERATION_CHILD=/app/operation-child.mjs'],
    },
  };
}

/** Equal in all services, so stored, imported and pulled once. */
async function nodeLayers({ binaries }: ImageInputs): Promise<LayerRecipe[]> {
  return [
    debianRootfs({
      suite,
      packages: ['libc6', 'libstdc++6', 'ca-certificates'],
      keep: [...sharedLibraries, 'usr/share/ca-certificates', 'etc/ssl/openssl.cnf', 'usr/lib/ssl'],
    }),
    await binaryLayer({ source: binaries.node, path: 'usr/local/bin/node' }),
    filesLayer(accountEntries(app)),
  ];
}

async function programLayer(
  { repoRoot, bundleDir }: ImageInputs,
  programs: Readonly<Record<string, string>>,
  files: readonly LayerEntry[] = [],
  external: readonly string[] = [],
): Promise<LayerRecipe> {
  const bundles = await Promise.all(
    Object.entries(programs).map(async ([target, entry]): Promise<LayerEntry> => ({
      path: `app/${target}`,
      type: 'file',
      mode: 0o644,
      content: await bundle({ repoRoot, entry, external, cacheDir: bundleDir }),
    })),
  );
  return filesLayer([...bundles, ...files]);
}

async function migrations({ repoRoot }: ImageInputs, folder: string): Promise<LayerEntry[]> {
  const names = (await readdir(join(repoRoot, folder))).filter((name) => name.endsWith('.sql'));
  return Promise.all(
    names.map(async (name) => ({
      path: `app/migrations/${basename(name)}`,
      type: 'file' as const,
      mode: 0o644,
      content: await readFile(join(repoRoot, folder, name)),
    })),
  );
}
