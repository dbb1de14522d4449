import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The test files that have begun and not ended, as test/support/announce-file.ts keeps them in a folder. */
export interface UnfinishedFiles {
  folder: string;
  list(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function trackUnfinishedFiles(): Promise<UnfinishedFiles> {
  const folder = await mkdtemp(path.join(tmpdir(), 'authsome-test-progress-'));
  return {
    folder,
    async list() {
      const names = await readdir(folder);
      const files = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8').catch(() => '')));
      return [...new Set(files.filter((file) => file !== ''))].sort();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
