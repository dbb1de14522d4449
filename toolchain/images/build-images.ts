import { join } from 'node:path';
import type { ImageBinaries, ImageName } from './image-definitions.ts';
import { imageNames, imageRecipe } from './image-definitions.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { OciLayout } from './oci-layout.ts';

export interface BuildImagesOptions {
  repoRoot: string;
  /** Images live below it in `images/`, in the OCI layout. */
  cacheDir: string;
  binaries: ImageBinaries;
  /** Which images; all unless said. */
  only?: readonly ImageName[];
  onProgress?: (line: string) => void;
}

export interface ImageReference {
  name: ImageName;
  /** `REGISTRY/NAME:HASH`, the hash over everything in the image: the same content has the same tag. */
  reference: string;
}

/** An image in the local store; its registry is `localhost/authsome`. */
export interface BuiltImage extends ImageReference {
  /** Digest of the image's manifest. */
  digest: string;
  /** Size of its manifest in bytes, as an index states it. */
  size: number;
  /** Folder in the OCI image layout that holds the image's blobs, shared by all images. */
  layout: string;
  /** Digests of all that the image consists of: manifest, config, layers. */
  blobs: readonly string[];
}

/**
 * Builds the images, with no container engine and no registry. Only layers whose content changed are made anew: when nothing did, the
 * programs are bundled to find that out and nothing is written.
 */
export async function buildImages({
  repoRoot,
  cacheDir,
  binaries,
  only = imageNames,
  onProgress,
}: BuildImagesOptions): Promise<BuiltImage[]> {
  const layout = new OciLayout(join(cacheDir, 'images'));
  await layout.prepare();
  // Bundling starts for all at once; layers are written one after the other, as images share them.
  const recipes = await Promise.all(
    only.map((name) => imageRecipe(name, { repoRoot, binaries, bundleDir: join(layout.folder, 'bundles') })),
  );
  const images: BuiltImage[] = [];
  for (const [index, recipe] of recipes.entries()) {
    const name = only[index];
    if (name !== undefined) images.push(await buildImage({ layout, name, recipe, onProgress }));
  }
  await layout.writeIndex({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: images.map(indexEntry) });
  await layout.prune();
  return images;
}

/** An image's line in an index: skopeo finds it by `ref.name`, containerd names it by its own annotation. */
export function indexEntry({ reference, digest, size }: BuiltImage): Record<string, unknown> {
  const annotations = { 'org.opencontainers.image.ref.name': reference, 'io.containerd.image.name': reference };
  return { mediaType: mediaTypes.manifest, digest, size, platform: platform(), annotations };
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** The image's config as it is stored. No time of building: it would make every build another image. */
export function imageConfig({ name, user, config }: ImageRecipe, diffIds: readonly string[]): Record<string, unknown> {
  const labels = { 'org.opencontainers.image.title': `authsome/${name}` };
  return {
    ...platform(),
    config: { User: `${user.id}:${user.id}`, ...config, Labels: labels },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
}

async function buildImage({
  layout,
  name,
  recipe,
  onProgress,
}: {
  layout: OciLayout;
  name: ImageName;
  recipe: ImageRecipe;
  onProgress: BuildImagesOptions['onProgress'];
}): Promise<BuiltImage> {
  const layers = [];
  for (const layer of recipe.layers) layers.push(await layout.layer(layer));
  const config = await layout.writeJson(
    imageConfig(
      recipe,
      layers.map(({ digest }) => digest),
    ),
  );
  const manifest = await layout.writeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.layer, digest, size })),
  });
  const reference = `localhost/authsome/${name}:${manifest.digest.slice('sha256:'.length, 'sha256:'.length + 16)}`;
  const built = layers.filter((layer) => layer.built);
  if (built.length > 0) onProgress?.(`${reference}: ${built.length} of ${layers.length} layers built, ${megabytes(layers)} MB in all`);
  return {
    name,
    reference,
    ...manifest,
    layout: layout.folder,
    blobs: [manifest.digest, config.digest, ...layers.map(({ digest }) => digest)],
  };
}

function platform(): { architecture: string; os: string } {
  return { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' };
}

function megabytes(layers: readonly { size: number }[]): number {
  return Math.round(layers.reduce((sum, { size }) => sum + size, 0) / 1e6);
}
