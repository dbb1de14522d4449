import { Readable } from 'node:stream';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import type { Log } from '../shared/log.ts';
import { backUpDatabase } from './back-up-database.ts';
import type { BackUpDatabaseOptions } from './back-up-database.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import { listDatabases } from './list-databases.ts';
import type { ListDatabasesOptions } from './list-databases.ts';
import { isGood, isSound, manifestKey } from './manifest.ts';
import type { Dump, Manifest } from './manifest.ts';
import { removeExpiredRuns } from './retention/remove-expired-runs.ts';
import { newRunId } from './run-id.ts';
import { failAbandonedRuns, failRun, finishRun, insertRun, updateRunDatabases } from './stores/backup-run-store.ts';
import type { BackupTarget } from './targets/target.ts';
import { withLock } from './with-lock.ts';

export interface RunBackupOptions extends ListDatabasesOptions {
  target: BackupTarget;
  keys: Manifest['keys'];
  keepDays: number;
  concurrency: number;
  binDir?: string | undefined;
  /** Before the second attempt at a database; the third waits twice as long. */
  retryPauseMs?: number;
  log: Log;
}

/**
 * One backup of every database of the platform: each is dumped, written to the target and read back; the manifest comes last. What can't be backed up
 * makes the run a failed one, and the good dumps are kept. Then runs that have had their time are removed.
 *
 * @param stopping ends it soon after; what it began is a failed run
 * @throws LockTakenError where a backup or a restore is under way
 */
export function runBackup(options: RunBackupOptions, stopping: AbortSignal): Promise<Manifest> {
  return withLock(options.urls.control, (signal) => runLocked(options, signal), stopping);
}

async function runLocked(options: RunBackupOptions, signal: AbortSignal): Promise<Manifest> {
  const { db, target, log } = options;
  const id = newRunId();
  await failAbandonedRuns(db);
  await insertRun(db, { id, target: target.description });
  log.info({ runId: id, target: target.description }, 'Backup began');
  try {
    const manifest = await dumpAll(id, options, signal);
    await target.write(manifestKey(id), Readable.from([`${JSON.stringify(manifest, undefined, 2)}\n`]), signal);
    await finishRun(db, manifest);
    // Only what is known to be good may take the place of what was; what is missing in it keeps its own newest dump.
    if (isSound(manifest)) await removeExpiredRuns(options, new Date(), signal);
    return manifest;
  } catch (error) {
    await failRun(db, id, error instanceof Error ? error.message : String(error)).catch(() => undefined);
    throw error;
  }
}

async function dumpAll(id: string, options: RunBackupOptions, signal: AbortSignal): Promise<Manifest> {
  const startedAt = new Date().toISOString();
  const schemaMigration = await readSchemaMigration(options.db);
  const sources = await listDatabases(options);
  options.log.info({ runId: id, databases: sources.length }, 'Databases found');
  const work: BackUpDatabaseOptions = {
    ...{ runId: id, db: options.db, target: options.target, tenantsUrl: options.urls.tenants, signal },
    ...{ binDir: options.binDir, retryPauseMs: options.retryPauseMs },
  };
  const dumps: Dump[] = [];
  const backUp = async (source: (typeof sources)[number]): Promise<void> => {
    signal.throwIfAborted();
    const dump = await backUpDatabase(source, work);
    if (dump === undefined) return;
    dumps.push(dump);
    report(dump, { log: options.log, done: dumps.length, total: sources.length });
    await updateRunDatabases(options.db, id, dumps);
  };
  // In their order: the state only once all tenants are done, and the control database last.
  await forEachAtOnce(
    sources.filter(({ kind }) => kind === 'tenant'),
    options.concurrency,
    backUp,
  );
  for (const source of sources.filter(({ kind }) => kind !== 'tenant')) await backUp(source);
  signal.throwIfAborted();
  return {
    ...{ version: 1, id, startedAt, endedAt: new Date().toISOString(), schemaMigration, keys: options.keys },
    status: dumps.every(isGood) ? 'succeeded' : 'failed',
    databases: dumps,
  };
}

function report(dump: Dump, { log, done, total }: { log: Log; done: number; total: number }): void {
  const { name } = dump;
  if (isGood(dump)) log.info({ database: name, bytes: dump.bytes, done, total }, 'Database is backed up');
  else log.error({ database: name, error: dump.error, done, total }, 'Database could not be backed up');
}

async function readSchemaMigration(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ version: number | null }>`select max(version) as version from schema_migrations`.execute(db);
  return rows[0]?.version ?? 0;
}
