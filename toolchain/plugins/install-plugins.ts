import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundlePlugin } from './bundle-plugin.ts';

export interface InstallPluginsOptions {
  /** Path of the Pulumi CLI. */
  pulumi: string;
  pulumiHome: string;
  /** Node 24 as the installed plugins will call it; in an image it is another path than here. */
  node: string;
  repoRoot: string;
  /** Which of the air-gapped plugins; all where left out. */
  plugins?: readonly AirGappedPlugin[];
  /** Kubernetes provider built from its Go module; left out where the official one installs itself. */
  kubernetesProvider?: string;
  /** Folder for `pulumi-language-nodejs`, to be put on PATH; left out where only inline programs run. */
  languageHostDir?: string;
  log?: (message: string) => void;
}

/** Every plugin of our own, by the folder that it is in. */
const airGappedPlugins = ['random', 'postgresql', 'tls', 'cloudflare'] as const;
export type AirGappedPlugin = (typeof airGappedPlugins)[number];

interface Plugin {
  name: string;
  version: string;
  /** Files of the plugin's folder: content, or a file to copy. */
  files: Record<string, { content: string } | { copyOf: string }>;
  /** Changes when the content does. */
  hash: string;
}

/** In each folder of ours: what is inside. A folder without it is an official plugin and is left alone. */
const markerFile = 'authsome-plugin.sha256';

/**
 * Installs the air-gapped plugins into a PULUMI_HOME, in the versions of the SDK packages. What is there already with the same content,
 * and every official plugin, stays as it is. Returns the names of those installed.
 */
export async function installPlugins(options: InstallPluginsOptions): Promise<string[]> {
  const installed: string[] = [];
  for (const plugin of await plugins(options)) {
    const marker = await installedMarker(options.pulumiHome, plugin);
    if (marker === 'official' || marker === plugin.hash) continue;
    options.log?.(`installing plugin ${plugin.name} ${plugin.version}`);
    await installPlugin(options, plugin);
    installed.push(plugin.name);
  }
  if (options.languageHostDir && (await installLanguageHost(options, options.languageHostDir))) installed.push('language-nodejs');
  return installed;
}

async function plugins(options: InstallPluginsOptions): Promise<Plugin[]> {
  const list = await Promise.all((options.plugins ?? airGappedPlugins).map((name) => nodePlugin(options, name)));
  if (options.kubernetesProvider) {
    const { size, mtimeMs } = await stat(options.kubernetesProvider);
    const version = await sdkVersion(options.repoRoot, 'kubernetes');
    const files = { 'pulumi-resource-kubernetes': { copyOf: options.kubernetesProvider } };
    // Of a file of 200 MB, size and time are enough to see that it was built anew.
    list.push({ name: 'kubernetes', version, files, hash: sha256(`${version} ${size} ${mtimeMs}`) });
  }
  return list;
}

async function nodePlugin({ repoRoot, node }: InstallPluginsOptions, name: string): Promise<Plugin> {
  const code = await bundlePlugin({ repoRoot, entry: `toolchain/plugins/${name}/main.ts` });
  const launcher = nodeLauncher(node);
  const files = { [`pulumi-resource-${name}`]: { content: launcher }, 'main.mjs': { content: code } };
  return { name, version: await sdkVersion(repoRoot, name), files, hash: sha256(launcher + code) };
}

async function installPlugin({ pulumi, pulumiHome }: InstallPluginsOptions, plugin: Plugin): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `pulumi-plugin-${plugin.name}-`));
  try {
    for (const [name, file] of Object.entries(plugin.files)) {
      const path = join(folder, name);
      if ('copyOf' in file) await copyFile(file.copyOf, path);
      else await writeFile(path, file.content, { mode: 0o755 });
    }
    await writeFile(join(folder, markerFile), plugin.hash);
    const command = ['plugin', 'install', 'resource', plugin.name, `v${plugin.version}`, '--file', folder, '--reinstall'];
    await promisify(execFile)(pulumi, command, {
      env: { ...process.env, PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: '1' },
      timeout: installTimeoutMs,
    });
    // The CLI takes the temporary folder's mode, which is its owner's alone; in an image the provisioner runs as another user.
    await chmod(join(pulumiHome, 'plugins', pluginFolder(plugin)), 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const installTimeoutMs = 120_000;

async function installLanguageHost({ repoRoot, node }: InstallPluginsOptions, folder: string): Promise<boolean> {
  const code = await bundlePlugin({ repoRoot, entry: 'toolchain/plugins/nodejs-language/main.ts' });
  const launcher = nodeLauncher(node, 'pulumi-language-nodejs.mjs');
  const hash = sha256(launcher + code);
  const marker = join(folder, 'pulumi-language-nodejs.sha256');
  if ((await readIfThere(marker)) === hash) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'pulumi-language-nodejs.mjs'), code);
  await writeFile(join(folder, 'pulumi-language-nodejs'), launcher, { mode: 0o755 });
  await writeFile(marker, hash);
  return true;
}

/** `$0` may be a link or a relative path; the bundle always lies beside it. */
function nodeLauncher(node: string, bundle = 'main.mjs'): string {
  return `#!/bin/sh\nexec '${node}' --no-warnings "$(dirname "$0")/${bundle}" "$@"\n`;
}

async function installedMarker(pulumiHome: string, plugin: Plugin): Promise<string | undefined> {
  const folder = join(pulumiHome, 'plugins', pluginFolder(plugin));
  const executable = await stat(join(folder, `pulumi-resource-${plugin.name}`)).catch(() => undefined);
  if (!executable) return undefined;
  return (await readIfThere(join(folder, markerFile))) ?? 'official';
}

function pluginFolder({ name, version }: Plugin): string {
  return `resource-${name}-v${version}`;
}

/** The engine asks for the version that the SDK package names. */
async function sdkVersion(repoRoot: string, name: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(repoRoot, 'node_modules/@pulumi', name, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
