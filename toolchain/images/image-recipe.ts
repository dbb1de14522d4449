import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { LayerEntry } from './layer.ts';
import type { LayerRecipe } from './oci-layout.ts';

export interface ImageUser {
  name: string;
  id: number;
}

/** What the image's config tells the runtime; the field names are OCI's. */
export interface ImageConfig {
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  Env?: readonly string[];
  WorkingDir?: string;
  StopSignal?: string;
}

export interface ImageRecipe {
  name: string;
  user: ImageUser;
  /** Bottom first: what changes least. */
  layers: readonly LayerRecipe[];
  config: ImageConfig;
}

/** A layer of one program, keyed by the file's size and time, so that a large one is not read to find that nothing changed. */
export async function binaryLayer({ source, path }: { source: string; path: string }): Promise<LayerRecipe> {
  const { size, mtimeMs } = await stat(source);
  return {
    key: JSON.stringify(['binary', 1, source, size, mtimeMs, path]),
    entries: () => Promise.resolve([{ path, type: 'file', mode: 0o755, source }]),
  };
}

/** A layer of files that are in memory, keyed by their content. */
export function filesLayer(entries: readonly LayerEntry[]): LayerRecipe {
  const hash = createHash('sha256');
  for (const entry of entries) {
    hash.update(JSON.stringify({ ...entry, content: undefined }));
    if ('content' in entry) hash.update(entry.content);
  }
  return { key: `files 1 ${hash.digest('hex')}`, entries: () => Promise.resolve([...entries]) };
}

/** The names behind the ids: programs look their own user up. */
export function accountEntries({ name, id }: ImageUser): LayerEntry[] {
  return [
    {
      path: 'etc/passwd',
      type: 'file',
      mode: 0o644,
      content: `root:x:0:0:root:/root:/sbin/nologin\n${name}:x:${id}:${id}:${name}:/tmp:/sbin/nologin\n`,
    },
    { path: 'etc/group', type: 'file', mode: 0o644, content: `root:x:0:\n${name}:x:${id}:\n` },
    { path: 'etc/nsswitch.conf', type: 'file', mode: 0o644, content: 'passwd: files\ngroup: files\nhosts: files dns\n' },
  ];
}
