import { chmod, lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Beside the platform's own volumes, so that neither is ever taken for the other. */
const folderOfAll = 'claims';

/** Names that this program gives; nothing in one can lead out of the folder. */
const namePattern = /^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where a volume's data is; undefined for a name that is not one of this program's. */
export function volumeFolder(volumesDir: string, name: string): string | undefined {
  return namePattern.test(name) ? join(volumesDir, folderOfAll, name) : undefined;
}

/**
 * Makes a volume's folder, or leaves the one that is there. Root's, and nobody else's but the group's: the kubelet gives that to the pod
 * that mounts it (fsGroup).
 *
 * @throws Error where something else is in its place
 */
export async function makeVolumeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o770 });
  if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is no folder`);
  // Past the umask; a folder in use has its group's bits besides.
  if ((await readdir(folder)).length === 0) await chmod(folder, 0o770);
}

/** Removes a volume's data. Links in it are removed, not followed. Nothing to do when it is gone. */
export async function removeVolumeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Removes empty folders of volumes that never came to be, as their claims went first. Only empty ones: data whose volume is not known is
 * kept, whatever the reason.
 */
export async function removeEmptyFolders(volumesDir: string, known: ReadonlySet<string>): Promise<void> {
  const all = join(volumesDir, folderOfAll);
  for (const name of await readdir(all).catch(() => [])) {
    if (namePattern.test(name) && !known.has(name)) await rmdir(join(all, name)).catch(() => undefined);
  }
}
