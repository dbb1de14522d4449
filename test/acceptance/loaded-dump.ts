import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { psqlInPod } from '../support/psql-in-pod.ts';
import { systemNamespace } from './operator.ts';
import { kubectl } from './platform-under-test.ts';

const repoRoot = join(import.meta.dirname, '../..');
/** The local profile's volume of backups is a folder of this machine. */
const backupsFolder = join(process.env['AUTHSOME_STATE_DIR'] ?? join(repoRoot, '.authsome'), 'volumes/backups');

/** Each row is a table with its number of rows and a checksum of all of them, in an order of their own. */
const contents = `
select tablename, (xpath('/row/c/text()', query_to_xml(format(
    'select count(*) || '':'' || coalesce(md5(string_agg(t::text, chr(10) order by t::text)), '''') as c from %I.%I t', schemaname, tablename),
  false, true, '')))[1]
from pg_tables where schemaname = 'public' order by 1`;

export interface Comparison {
  loaded: string[];
  live: string[];
}

/**
 * Loads a dump of a run into a database beside the one that it is of, on the same server, and tells what is in both. The copy is gone afterwards.
 *
 * @param server part of the platform whose first pod is the server
 */
export async function compareWithDump(server: 'postgres' | 'tenants-postgres', runId: string, database: string): Promise<Comparison> {
  const copy = `acceptance_copy_${randomBytes(4).toString('hex')}`;
  // As SQL, which goes as text through kubectl's input.
  const { stdout: sql } = await execa(
    'pg_restore',
    ['--no-owner', '--no-acl', '--file=-', join(backupsFolder, runId, `${database}.dump`)],
    {
      timeout: 60_000,
    },
  );
  await psql(server, 'postgres', `create database ${copy} template template0`);
  try {
    await psql(server, copy, sql);
    return { loaded: await psql(server, copy, contents), live: await psql(server, database, contents) };
  } finally {
    await psql(server, 'postgres', `drop database ${copy} with (force)`);
  }
}

async function psql(server: string, database: string, input: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await kubectl(psqlInPod({ namespace: systemNamespace, server, database }), `${input}\n`);
  if (exitCode !== 0) throw new Error(`${server}, ${database}: ${stderr.trim().split('\n').slice(0, 3).join('; ')}`);
  return stdout.split('\n').filter(Boolean);
}
