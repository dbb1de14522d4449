import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPlugins } from '../plugins/install-plugins.ts';
import type { ImageBinaries } from './image-definitions.ts';
import { binaryLayer } from './image-recipe.ts';
import type { LayerEntry } from './layer.ts';
import type { LayerRecipe } from './oci-layout.ts';

/** Where the provisioner's image keeps Pulumi's plugins: read-only, and linked into the PULUMI_HOME that is made at start. */
const pluginFolder = 'opt/pulumi-home/plugins';

interface PluginInputs {
  repoRoot: string;
  binaries: ImageBinaries;
}

/** Pulumi's resource plugins: the Kubernetes provider, which is large and seldom changes, and the air-gapped ones of this repository. */
export async function pluginLayers(inputs: PluginInputs): Promise<LayerRecipe[]> {
  const manifest = JSON.parse(await readFile(join(inputs.repoRoot, 'node_modules/@pulumi/kubernetes/package.json'), 'utf8')) as {
    version: string;
  };
  const path = `${pluginFolder}/resource-kubernetes-v${manifest.version}/pulumi-resource-kubernetes`;
  return [await binaryLayer({ source: inputs.binaries.kubernetesProvider, path }), await airGappedPlugins(inputs)];
}

async function airGappedPlugins({ repoRoot, binaries }: PluginInputs): Promise<LayerRecipe> {
  const sources = await hashFiles(repoRoot, [
    'package-lock.json',
    ...(await filesBelow(join(repoRoot, 'toolchain/plugins'))).map((path) => `toolchain/plugins/${path}`),
  ]);
  return {
    key: JSON.stringify(['air-gapped-plugins', 2, sources]),
    async entries() {
      const home = await mkdtemp(join(tmpdir(), 'authsome-pulumi-home-'));
      try {
        const options = { repoRoot, pulumi: binaries.pulumi, pulumiHome: home, node: '/usr/local/bin/node' };
        // What a tenant's stack has; the others are the platform stack's.
        await installPlugins({ ...options, plugins: ['random', 'postgresql'] });
        const plugins = join(home, 'plugins');
        return await Promise.all((await filesBelow(plugins)).map((path) => pluginFile(plugins, path)));
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
  };
}

async function pluginFile(plugins: string, path: string): Promise<LayerEntry> {
  return {
    path: `${pluginFolder}/${path}`,
    type: 'file',
    mode: path.includes('/pulumi-resource-') ? 0o755 : 0o644,
    content: await readFile(join(plugins, path)),
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true, recursive: true });
  return items
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .sort();
}

async function hashFiles(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update(await readFile(join(root, path)));
  return hash.digest('hex');
}
