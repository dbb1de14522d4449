import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import type { Pack } from 'tar-stream';
import { pack } from 'tar-stream';
import { CommandError, runCommand } from '../tools/run-command.ts';
import type { BuiltImage } from './build-images.ts';
import { indexEntry, mediaTypes } from './build-images.ts';
import { OciLayout } from './oci-layout.ts';

export interface LoadImagesOptions {
  images: readonly BuiltImage[];
  /** containerd's socket. */
  socket: string;
  /** containerd's namespace; the kubelet looks in `k8s.io`. */
  namespace?: string;
  onProgress?: (line: string) => void;
}

const importTimeoutMs = 600_000;

/**
 * Puts the images into a containerd, those it has not yet, in one import that holds only the blobs it lacks: after a change of one
 * service that is a few megabytes.
 *
 * @returns references of the images it loaded
 * @throws CommandError with what ctr wrote
 */
export async function loadImages({ images, socket, namespace = 'k8s.io', onProgress }: LoadImagesOptions): Promise<string[]> {
  const ctr = ['--address', socket, '--namespace', namespace];
  const present = await lines([...ctr, 'images', 'list', '--quiet']);
  const missing = images.filter(({ reference }) => !present.has(reference));
  const [first] = missing;
  if (first === undefined) return [];
  const stored = await lines([...ctr, 'content', 'list', '--quiet']);
  const blobs = [...new Set(missing.flatMap((image) => image.blobs))].filter((digest) => !stored.has(digest));
  onProgress?.(`loading ${missing.length} images, ${blobs.length} blobs`);
  const archive = pack();
  const args = [...ctr, 'images', 'import', '-'];
  const importing = execa('ctr', args, { stdin: 'pipe', timeout: importTimeoutMs, reject: false, all: true });
  const writing = writeArchive({ archive, layout: new OciLayout(first.layout), images: missing, blobs });
  const piping = pipeline(archive, importing.stdin);
  const [result, ...writes] = await Promise.allSettled([importing, writing, piping]);
  if (result.status === 'rejected') throw result.reason;
  // ctr's own words first: when it fails, the archive's stream breaks as a consequence.
  if (result.value.failed)
    throw new CommandError(['ctr', ...args].join(' '), `failed: exit code ${String(result.value.exitCode)}`, result.value.all);
  for (const write of writes) if (write.status === 'rejected') throw write.reason;
  return missing.map(({ reference }) => reference);
}

async function writeArchive({
  archive,
  layout,
  images,
  blobs,
}: {
  archive: Pack;
  layout: OciLayout;
  images: readonly BuiltImage[];
  blobs: readonly string[];
}): Promise<void> {
  try {
    archive.entry({ name: 'oci-layout' }, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    archive.entry(
      { name: 'index.json' },
      JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: images.map(indexEntry) }),
    );
    for (const digest of blobs) {
      const file = layout.blobPath(digest);
      const { size } = await stat(file);
      await pipeline(
        createReadStream(file, { highWaterMark: 1 << 20 }),
        archive.entry({ name: `blobs/${digest.replace(':', '/')}`, size }),
      );
    }
    archive.finalize();
  } catch (error) {
    archive.destroy();
    throw error;
  }
}

async function lines(args: readonly string[]): Promise<Set<string>> {
  return new Set((await runCommand('ctr', args)).split('\n'));
}
