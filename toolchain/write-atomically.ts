import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';

/** Ends the names of files that are being written. */
export const draftSuffix = '.next';

export interface WriteOptions {
  /** Permission bits; only the owner may read the file unless said. */
  mode?: number;
}

/**
 * Replaces a file whole. A reader sees the old text or the new one, and a process that is killed in the middle leaves the old one.
 *
 * @throws Error from the file system, such as ENOSPC; the file is then as it was
 */
export async function writeAtomically(file: string, text: string, { mode = 0o600 }: WriteOptions = {}): Promise<void> {
  await withDraft(file, text, mode, (draft) => rename(draft, file));
}

/**
 * Creates a file whole, unless it exists. Of two processes at once, one creates it.
 *
 * @returns whether this call created it
 */
export async function createAtomically(file: string, text: string, { mode = 0o600 }: WriteOptions = {}): Promise<boolean> {
  return withDraft(file, text, mode, async (draft) => {
    try {
      await link(draft, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

async function withDraft<Result>(file: string, text: string, mode: number, use: (draft: string) => Promise<Result>): Promise<Result> {
  const draft = `${file}.${randomBytes(6).toString('hex')}${draftSuffix}`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(text);
      // Otherwise a power cut could leave the new name with no content.
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await use(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
