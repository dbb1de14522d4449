import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerDigest, LayerEntry } from './layer.ts';
import { writeLayer } from './layer.ts';

/** What makes a layer: `key` says all that its content depends on, so that an equal key means an equal layer. */
export interface LayerRecipe {
  key: string;
  entries: () => Promise<LayerEntry[]>;
}

const blobNotUsedMs = 14 * 24 * 3_600_000;

/**
 * A folder in the OCI image layout: blobs named by their content, shared by all images, so that a changed service adds a layer of a
 * megabyte or two and not another copy of Node. Files appear by rename, so several builds may share it.
 */
export class OciLayout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async prepare(): Promise<void> {
    await mkdir(join(this.folder, 'blobs', 'sha256'), { recursive: true });
    await mkdir(join(this.folder, 'layers'), { recursive: true });
    await this.#put(join(this.folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  }

  blobPath(digest: string): string {
    return join(this.folder, 'blobs', digest.replace(':', '/'));
  }

  /** The layer of a recipe: the stored one when its key was built before, else built now. */
  async layer(recipe: LayerRecipe): Promise<LayerDigest & { built: boolean }> {
    const memo = join(this.folder, 'layers', `${createHash('sha256').update(recipe.key).digest('hex')}.json`);
    const known = await readFile(memo, 'utf8').then(
      (text) => JSON.parse(text) as LayerDigest,
      () => undefined,
    );
    if (known !== undefined && (await this.#touch(known.digest))) return { ...known, built: false };
    const scratch = await mkdtemp(join(this.folder, 'building-'));
    try {
      const file = join(scratch, 'layer.tar');
      const layer = await writeLayer(await recipe.entries(), file);
      await rename(file, this.blobPath(layer.digest));
      await this.#put(memo, JSON.stringify(layer));
      return { ...layer, built: true };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async writeJson(value: unknown): Promise<LayerDigest> {
    const text = JSON.stringify(value);
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (!(await this.#touch(digest))) await this.#put(this.blobPath(digest), text);
    return { digest, size: Buffer.byteLength(text) };
  }

  async readJson(digest: string): Promise<unknown> {
    return JSON.parse(await readFile(this.blobPath(digest), 'utf8'));
  }

  /** Replaces the layout's table of contents. */
  async writeIndex(index: unknown): Promise<void> {
    await this.#put(join(this.folder, 'index.json'), JSON.stringify(index));
  }

  /** Deletes the blobs that no build has used for 14 days: without it every change of a service would stay for ever. */
  async prune(now = Date.now()): Promise<void> {
    const blobs = join(this.folder, 'blobs', 'sha256');
    for (const name of await readdir(blobs)) {
      const { mtimeMs } = await stat(join(blobs, name));
      if (now - mtimeMs > blobNotUsedMs) await rm(join(blobs, name), { force: true });
    }
  }

  /** Marks a blob as used now. */
  async #touch(digest: string): Promise<boolean> {
    const now = new Date();
    return utimes(this.blobPath(digest), now, now).then(
      () => true,
      () => false,
    );
  }

  async #put(file: string, text: string): Promise<void> {
    const scratch = `${file}.${process.pid}`;
    await writeFile(scratch, text);
    await rename(scratch, file);
  }
}
