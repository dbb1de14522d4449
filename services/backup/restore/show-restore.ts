import { checkArchive } from '../postgres/check-archive.ts';
import { databaseUrl, withClient } from '../postgres/server.ts';
import { checkRestore } from './check-restore.ts';
import type { LoadOptions } from './load-restore.ts';
import { readProgress } from './restore-progress.ts';

export interface ShownRestore {
  runId: string;
  startedAt: string;
  databases: number;
  bytes: number;
  missing: string[];
  /** The databases are in place already: only the rest is to be done. */
  loaded: boolean;
}

/** What a restore would do, with nothing changed; every dump that it needs is read to its end. @throws RestoreRefusedError */
export async function showRestore(options: LoadOptions): Promise<ShownRestore> {
  const { request, target, binDir, log } = options;
  const progress = await withClient(databaseUrl(options.adminUrl, 'postgres'), (admin) => readProgress(admin, request.runId));
  const { manifest, control, state, tenants, missing } = await checkRestore(options, progress);
  const dumps = [...tenants, state, control];
  const loaded = progress.has(control.name);
  if (!loaded) {
    for (const [index, dump] of dumps.entries()) {
      await checkArchive(await target.read(dump.key), dump, { binDir }).catch((cause: unknown) => {
        throw new Error(`${dump.key} can't be restored`, { cause });
      });
      log.info({ database: dump.name, done: index + 1, total: dumps.length }, 'Dump is whole');
    }
  }
  return {
    ...{ runId: request.runId, startedAt: manifest.startedAt, missing, loaded, databases: dumps.length },
    bytes: dumps.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
