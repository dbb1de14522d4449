import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { manifestKey } from '../manifest.ts';
import { runIdSchema } from '../run-id.ts';
import type { BackupTarget } from './target.ts';

/** Backups in a folder, such as a volume. A file has its name only once all of it is on the disk. */
export function folderTarget(folder: string): BackupTarget {
  const pathOf = (key: string): string => join(folder, key);
  return {
    description: `file://${folder}`,
    async write(key, source, signal) {
      const [path, partial] = [pathOf(key), `${pathOf(key)}.partial`];
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      try {
        await pipeline(source, createWriteStream(partial, { mode: 0o600, flush: true }), { signal });
        await rename(partial, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
    async read(key) {
      await access(pathOf(key));
      return createReadStream(pathOf(key), { highWaterMark: 1 << 18 });
    },
    async readText(key) {
      return readFile(pathOf(key), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
    },
    async listRuns() {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && runIdSchema.safeParse(entry.name).success)
        .map(({ name }) => name)
        .sort();
    },
    async removeRun(runId) {
      await rm(pathOf(manifestKey(runId)), { force: true });
      await rm(pathOf(runId), { recursive: true, force: true });
    },
    close: () => undefined,
  };
}

/** A renamed file is there after a power cut only if its folder was written too. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
