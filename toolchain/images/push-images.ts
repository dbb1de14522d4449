import { runCommand } from '../tools/run-command.ts';
import type { BuiltImage, ImageReference } from './build-images.ts';

export interface PushImagesOptions {
  images: readonly BuiltImage[];
  /** Host and path in front of the image's name: `registry.example.com/authsome`. Logged in to beforehand with `skopeo login`. */
  registry: string;
  /** False for a registry that speaks plain HTTP, such as one for tests. */
  tls?: boolean;
  onProgress?: (line: string) => void;
}

const pushTimeoutMs = 1_800_000;

/**
 * Pushes the images that the registry has not yet. Layers are compressed on the way, so the digest in the registry is another than
 * the local one; the tag is the same, and names the same content.
 *
 * @returns the references by which a cluster pulls them
 * @throws CommandError with what skopeo wrote
 */
export async function pushImages({ images, registry, tls = true, onProgress }: PushImagesOptions): Promise<ImageReference[]> {
  const pushed: ImageReference[] = [];
  for (const { name, reference, layout } of images) {
    const target = registryReference(registry, reference);
    if (!(await isPresent(target, tls))) {
      onProgress?.(`pushing ${target}`);
      await runCommand(
        'skopeo',
        ['copy', '--quiet', '--retry-times=3', `--dest-tls-verify=${tls}`, `oci:${layout}:${reference}`, `docker://${target}`],
        { timeout: pushTimeoutMs },
      );
    }
    pushed.push({ name, reference: target });
  }
  return pushed;
}

/** The local reference's name and tag behind another registry. */
export function registryReference(registry: string, reference: string): string {
  return `${registry.replace(/(?<!\/)\/+$/, '')}/${reference.slice(reference.lastIndexOf('/') + 1)}`;
}

async function isPresent(target: string, tls: boolean): Promise<boolean> {
  return runCommand('skopeo', ['inspect', '--raw', `--tls-verify=${tls}`, `docker://${target}`]).then(
    () => true,
    // Whatever is wrong with the registry, the push itself says better.
    () => false,
  );
}
