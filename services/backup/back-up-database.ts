import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import type { SourceDatabase } from './list-databases.ts';
import { dumpKey } from './manifest.ts';
import type { Dump } from './manifest.ts';
import { checkArchive } from './postgres/check-archive.ts';
import { dumpDatabase } from './postgres/dump-database.ts';
import { databaseUrl, withClient } from './postgres/server.ts';
import type { BackupTarget } from './targets/target.ts';

export interface BackUpDatabaseOptions {
  runId: string;
  db: Kysely<Database>;
  target: BackupTarget;
  /** As authsome_backup, on the tenants' server: opens one database to that role. */
  tenantsUrl: string;
  binDir: string | undefined;
  retryPauseMs?: number | undefined;
  signal: AbortSignal;
}

/** A server that restarts or has no connection left is back within these. */
const attempts = 3;
const defaultPauseMs = 2_000;
/** Whoever takes longer hangs; a dump of 100 GB takes about one. */
const limitMs = 6 * 3_600_000;

/**
 * Dumps one database to the target and reads it back. Never rejects: one that can't be backed up must not keep the others from it.
 *
 * @returns undefined where its application was deleted since the databases were listed
 */
export async function backUpDatabase(source: SourceDatabase, options: BackUpDatabaseOptions): Promise<Dump | undefined> {
  const { name, kind, applicationId, tier } = source;
  const common = { name, kind, applicationId, tier, startedAt: new Date().toISOString() };
  const ended = (): { endedAt: string } => ({ endedAt: new Date().toISOString() });
  if ('problem' in source) return { ...common, ...ended(), status: 'failed', error: source.problem };
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limitMs)]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (tier === 'shared') await openDatabase(name, options.tenantsUrl);
      const postgresVersion = await readVersion(source.url);
      const written = await dumpTo(source.url, dumpKey(options.runId, name), { ...options, signal });
      return { ...common, ...ended(), status: 'succeeded', key: dumpKey(options.runId, name), postgresVersion, ...written };
    } catch (error) {
      if (await isGone(source, options)) return undefined;
      if (attempt === attempts || signal.aborted) {
        return { ...common, ...ended(), status: 'failed', error: describe(signal.aborted ? signal.reason : error) };
      }
      await delay((options.retryPauseMs ?? defaultPauseMs) * attempt, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function openDatabase(name: string, tenantsUrl: string): Promise<void> {
  await withClient(databaseUrl(tenantsUrl, 'postgres'), (client) => client.query('select authsome.open_to_backup($1::text)', [name]));
}

async function readVersion(url: string): Promise<string> {
  const { rows } = await withClient(databaseUrl(url, 'postgres'), (client) =>
    client.query<{ version: string }>(`select pg_catalog.current_setting('server_version'::text) as version`),
  );
  return rows[0]?.version ?? '';
}

async function dumpTo(
  url: string,
  key: string,
  { target, binDir, signal }: BackUpDatabaseOptions,
): Promise<{ bytes: number; sha256: string }> {
  const { stream, measured } = dumpDatabase({ url, binDir, signal });
  try {
    await target.write(key, stream, signal);
  } finally {
    stream.destroy();
  }
  const written = measured();
  await checkArchive(await target.read(key), written, { binDir, signal });
  return written;
}

/** A row that can't be read says nothing. */
async function isGone({ applicationId, tier }: SourceDatabase, { db, tenantsUrl, signal }: BackUpDatabaseOptions): Promise<boolean> {
  if (applicationId === null || signal.aborted) return false;
  try {
    const row = await db.selectFrom('applications').where('id', '=', applicationId).select('desired').executeTakeFirst();
    if (row?.desired === 'absent') return true;
    return row === undefined && tier === 'shared' && !(await exists(`authsome_${applicationId}`, tenantsUrl));
  } catch {
    return false;
  }
}

async function exists(database: string, tenantsUrl: string): Promise<boolean> {
  return withClient(databaseUrl(tenantsUrl, 'postgres'), async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    return rowCount !== 0;
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
