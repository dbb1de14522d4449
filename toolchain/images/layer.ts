import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header, Pack } from 'tar-stream';
import { pack } from 'tar-stream';

interface EntryBase {
  /** Path inside the image, relative to its root: `app/main.mjs`. */
  path: string;
  uid?: number;
  gid?: number;
}

/** One file of a layer; the content is in memory or, for large ones, read from `source` while the layer is written. */
export type LayerEntry =
  | (EntryBase & { type: 'file'; mode: number; content: string | Uint8Array })
  | (EntryBase & { type: 'file'; mode: number; source: string })
  | (EntryBase & { type: 'directory'; mode: number })
  | (EntryBase & { type: 'symlink'; target: string });

export interface LayerDigest {
  /** `sha256:…` of the uncompressed archive: the layer's digest and its diff id are the same. */
  digest: string;
  size: number;
}

/**
 * Writes a layer so that the same entries give the same bytes on every machine: sorted by path, no times, no names of users, parents
 * added. Not compressed: on one machine compressing and expanding costs more than it saves; a push compresses.
 *
 * @throws Error when two entries have the same path, or a path leaves the image
 */
export async function writeLayer(entries: readonly LayerEntry[], file: string): Promise<LayerDigest> {
  const archive = pack();
  const hash = createHash('sha256');
  let size = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const written = pipeline(archive, meter, createWriteStream(file));
  // The failure that matters is the one of the entry; the pipeline's own follows from destroying the archive.
  written.catch(() => undefined);
  try {
    for (const entry of completeEntries(entries)) await addEntry(archive, entry);
  } catch (error) {
    archive.destroy();
    throw error;
  }
  archive.finalize();
  await written;
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

/** Adds the parents that nobody named, refuses doubles, and sorts; a parent sorts before its children. */
export function completeEntries(entries: readonly LayerEntry[]): LayerEntry[] {
  const byPath = new Map<string, LayerEntry>();
  for (const entry of entries) {
    if (
      entry.path === '' ||
      entry.path.startsWith('/') ||
      entry.path.split('/').some((part) => part === '' || part === '.' || part === '..')
    )
      throw new Error(`not a path inside an image: ${entry.path}`);
    if (byPath.has(entry.path)) throw new Error(`two entries for ${entry.path}`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let parent = dirname(path); parent !== '.' && !byPath.has(parent); parent = dirname(parent))
      byPath.set(parent, { path: parent, type: 'directory', mode: 0o755 });
  }
  // By code units, not by locale: the order must not depend on the machine.
  return [...byPath.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
}

async function addEntry(archive: Pack, entry: LayerEntry): Promise<void> {
  const header: Partial<Header> & { name: string } = {
    name: entry.path,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: new Date(0),
    mode: 0o777,
  };
  switch (entry.type) {
    case 'directory':
      archive.entry({ ...header, name: `${entry.path}/`, type: 'directory', mode: entry.mode });
      return;
    case 'symlink':
      archive.entry({ ...header, type: 'symlink', linkname: entry.target });
      return;
    case 'file': {
      if ('content' in entry) {
        archive.entry({ ...header, mode: entry.mode }, Buffer.from(entry.content));
        return;
      }
      const { size } = await stat(entry.source);
      await pipeline(createReadStream(entry.source, { highWaterMark: 1 << 20 }), archive.entry({ ...header, mode: entry.mode, size }));
      return;
    }
  }
}
