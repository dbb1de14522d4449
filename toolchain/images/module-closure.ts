import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LayerEntry } from './layer.ts';
import type { LayerRecipe } from './oci-layout.ts';

const dependencies = z.record(z.string(), z.string()).optional();
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional(), dependencies, optionalDependencies: dependencies }),
  ),
});

export type Lock = z.output<typeof lockSchema>;

/**
 * The folders of node_modules that the named packages need at run time, found the way Node does: from the innermost node_modules
 * outwards. Peers are left out: @pulumi/pulumi's (typescript, ts-node) are optional and serve only programs it compiles itself.
 *
 * @throws Error for a dependency that the lock file does not hold
 */
export function moduleClosure(lock: Lock, names: readonly string[]): string[] {
  const found = new Set<string>();
  const open = names.map((name) => resolve(lock, '', name, true));
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (found.has(folder)) continue;
    found.add(folder);
    const entry = lock.packages[folder];
    for (const name of Object.keys(entry?.dependencies ?? {})) if (!isTypesOnly(name)) open.push(resolve(lock, folder, name, true));
    for (const name of Object.keys(entry?.optionalDependencies ?? {})) {
      const optional = resolve(lock, folder, name, false);
      if (optional !== '') open.push(optional);
    }
  }
  return [...found].sort();
}

/** A layer with these packages below `target`, keyed by what the lock file says of them. */
export async function modulesLayer({
  repoRoot,
  names,
  target,
}: {
  repoRoot: string;
  names: readonly string[];
  target: string;
}): Promise<LayerRecipe> {
  const lock = lockSchema.parse(JSON.parse(await readFile(join(repoRoot, 'package-lock.json'), 'utf8')));
  const folders = moduleClosure(lock, names);
  return {
    key: JSON.stringify([
      'modules',
      1,
      target,
      folders.map((folder) => [folder, lock.packages[folder]?.version, lock.packages[folder]?.integrity]),
    ]),
    entries: async () => (await Promise.all(folders.map((folder) => packageFiles({ repoRoot, folder, target })))).flat(),
  };
}

function resolve(lock: Lock, from: string, name: string, required: boolean): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
    if (folder !== '') continue;
    if (required) throw new Error(`package-lock.json has no ${name}, which ${from === '' ? 'an image' : from} needs`);
    return '';
  }
}

async function packageFiles({ repoRoot, folder, target }: { repoRoot: string; folder: string; target: string }): Promise<LayerEntry[]> {
  const source = join(repoRoot, folder);
  const files: LayerEntry[] = [];
  for (const item of await readdir(source, { withFileTypes: true, recursive: true })) {
    const inside = join(item.parentPath, item.name).slice(source.length + 1);
    if (item.isFile() && isNeeded(inside))
      files.push({ path: join(target, folder, inside), type: 'file', mode: 0o644, source: join(source, inside) });
  }
  return files;
}

function isTypesOnly(name: string): boolean {
  return name.startsWith('@types/');
}

/** Whether a package's file can matter at run time. Nested node_modules are packages of their own, in the closure or not. */
export function isNeeded(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  if (folders.includes('node_modules')) return false;
  if (folders.some((folder) => ['docs', 'test', 'tests', '__tests__', 'example', 'examples', '.github', 'man'].includes(folder)))
    return false;
  // The license texts stay: the packages are handed on with the image.
  return !/\.(d\.[cm]?ts|[cm]?ts|map|md|markdown|flow|py|gyp|gypi|c|cc|h)$/.test(path);
}
