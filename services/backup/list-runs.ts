import { manifestKey, manifestSchema } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import type { KeptRun } from './retention/select-expired.ts';
import { startOfRun } from './run-id.ts';
import type { BackupTarget } from './targets/target.ts';

export interface ListedRun extends KeptRun {
  /** Null where it has none that can be read. */
  manifest: Manifest | null;
}

/** What is at the target, oldest first: the truth, also where the control database has been lost. */
export async function listRuns(target: BackupTarget): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const id of await target.listRuns()) {
    const read = await readManifest(target, id);
    const manifest = typeof read === 'object' ? read : null;
    runs.push({ id, manifest, status: typeof read === 'object' ? read.status : read, startedAt: startOfRun(id) });
  }
  return runs;
}

/** The manifest of a run, or why there is none. */
export async function readManifest(target: BackupTarget, id: string): Promise<Manifest | 'unfinished' | 'unreadable'> {
  const text = await target.readText(manifestKey(id));
  if (text === undefined) return 'unfinished';
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}
