import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { becomeMember } from '../../shared/db/become-member.ts';
import type { GoodDump } from '../manifest.ts';
import type { BackupTarget } from '../targets/target.ts';
import { feedProgram } from './feed-program.ts';
import { startPgProgram } from './pg-program.ts';
import { databaseUrl, withClient } from './server.ts';

export interface LoadDatabaseOptions {
  /** As the server's administrator, whatever the database. */
  adminUrl: string;
  name: string;
  owner: string;
  /**
   * The dump is a tenant's, and loaded with its login: what is in it can't become more than its owner is. Absent for the platform's own databases,
   * which are loaded by the administrator as their owner.
   */
  ownerPassword?: string | undefined;
  /** What follows `create database NAME owner OWNER`. */
  createAs: string;
  dump: GoodDump;
  target: BackupTarget;
  binDir?: string | undefined;
  signal: AbortSignal;
}

/** Making and dropping databases waits for checkpoints. */
const statementTimeoutMs = 300_000;
const objectInUse = '55006';
const swapAttempts = 10;

export const draftOf = (name: string): string => `restoring_${name}`;
const replacedOf = (name: string): string => `replaced_${name}`;

/**
 * Loads a dump into a database beside the one of that name, and checks it while it comes: nothing of a dump that is not what was written is ever
 * seen under the name. The administrator does nothing in the draft itself once it is the owner's.
 *
 * @returns the URL of the draft, as administrator
 */
export async function loadDraft(options: LoadDatabaseOptions): Promise<string> {
  const { adminUrl, name, owner, ownerPassword, createAs } = options;
  const draft = draftOf(name);
  await withAdmin(adminUrl, async (admin) => {
    await becomeMember(admin, owner);
    await dropDatabase(admin, draft);
    await admin.query(`create database ${pg.escapeIdentifier(draft)} owner ${pg.escapeIdentifier(owner)} ${createAs}`);
    await admin.query(`revoke all on database ${pg.escapeIdentifier(draft)} from public`);
  });
  const draftUrl = databaseUrl(adminUrl, draft);
  if (ownerPassword === undefined) await loadArchive(draftUrl, [`--role=${owner}`], options);
  else
    await loadArchive(Object.assign(new URL(draftUrl), { username: owner, password: encodeURIComponent(ownerPassword) }).href, [], options);
  return draftUrl;
}

/**
 * Puts the draft in the place of the database of that name, at one stroke, and drops what was there.
 *
 * @param note is part of that stroke, in the server's database `postgres`; it may be called again
 */
export async function putDraftInPlace(
  adminUrl: string,
  name: string,
  note: (admin: pg.Client) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await dropReplaced(adminUrl, name);
  await withAdmin(adminUrl, async (admin) => {
    // To end others' connections.
    await becomeMember(admin, 'pg_signal_backend');
    await swap(admin, name, note);
  });
  await dropReplaced(adminUrl, name);
}

/** What was replaced is there for longer where whoever replaced it was killed before it was dropped. */
export function dropReplaced(adminUrl: string, name: string): Promise<void> {
  return withAdmin(adminUrl, (admin) => dropDatabase(admin, replacedOf(name)));
}

async function loadArchive(url: string, as: string[], { dump, target, binDir, signal }: LoadDatabaseOptions): Promise<void> {
  const args = ['--exit-on-error', '--single-transaction', '--no-owner', '--no-acl', ...as];
  const source = await target.read(dump.key);
  // A name of a database on the command line, and no more: all else is in its environment.
  const { child, done } = startPgProgram('pg_restore', [...args, `--dbname=${decodeURIComponent(new URL(url).pathname.slice(1))}`], {
    ...{ url, binDir, signal },
  });
  child.stdout?.resume();
  const [fed, loaded] = await Promise.allSettled([feedProgram(source, child, signal), done]);
  if (fed.status === 'rejected') throw new Error(`${dump.key} could not be read`, { cause: fed.reason });
  if (fed.value.bytes !== dump.bytes || fed.value.sha256 !== dump.sha256)
    throw new Error(`${dump.key} is damaged: it is not what the backup wrote`);
  if (loaded.status === 'rejected') throw new Error(`${dump.key} could not be loaded`, { cause: loaded.reason });
}

async function swap(admin: pg.Client, name: string, note: (admin: pg.Client) => Promise<void>): Promise<void> {
  const replaced = replacedOf(name);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query('begin');
      const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name]);
      if (rowCount !== 0) {
        // The server's own workers, which are nobody's, end by themselves.
        await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename is not null', [name]);
        await admin.query(`alter database ${pg.escapeIdentifier(name)} rename to ${pg.escapeIdentifier(replaced)}`);
      }
      await admin.query(`alter database ${pg.escapeIdentifier(draftOf(name))} rename to ${pg.escapeIdentifier(name)}`);
      await note(admin);
      await admin.query('commit');
      return;
    } catch (error) {
      await admin.query('rollback');
      // Whoever was cut off may be there again before the name is.
      if ((error as { code?: unknown }).code !== objectInUse || attempt === swapAttempts) throw error;
      await delay(200 * attempt);
    }
  }
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  const { rows } = await admin.query<{ template: boolean }>('select datistemplate as template from pg_database where datname = $1', [name]);
  // Its owner may have said so, and a template can't be dropped.
  if (rows[0]?.template === true) await admin.query(`alter database ${pg.escapeIdentifier(name)} with is_template false`);
  await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

function withAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  return withClient(databaseUrl(adminUrl, 'postgres'), work, { statementTimeoutMs });
}
