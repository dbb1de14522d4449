import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { draftSuffix, writeAtomically } from '../toolchain/write-atomically.ts';
import type { CliContext } from './context.ts';

/** File names in the state folder. */
export const lockFiles = { lock: 'command.lock', holder: 'command.lock.json' } as const;

const holderSchema = z.object({ command: z.string(), pid: z.int(), host: z.string(), since: z.string() });
export type LockHolder = z.output<typeof holderSchema>;

/** Another command changes this checkout's platform right now. */
export class CheckoutBusyError extends Error {
  override name = 'CheckoutBusyError';
  readonly code = 'busy';
}

export interface HeldLock {
  /** A command that had the lock and was killed. */
  unfinished: LockHolder | undefined;
}

/**
 * Runs work that changes the platform, while no other command of this checkout does. The lock is the kernel's, on a file of the state folder: it ends with its
 * process, whatever ends that, and no lock of a dead process is ever in the way. Child processes do not inherit it.
 *
 * @param command as a person types it, such as `./authsome up`
 * @throws CheckoutBusyError naming the command that holds it, with its process and its start
 */
export async function withCheckoutLock<Result>(
  { paths }: Pick<CliContext, 'paths'>,
  command: string,
  use: (lock: HeldLock) => Promise<Result>,
): Promise<Result> {
  const holderFile = join(paths.stateDir, lockFiles.holder);
  const lock = tryLock(join(paths.stateDir, lockFiles.lock));
  if (lock === undefined) throw busy(await readHolder(holderFile));
  try {
    await removeOldDrafts(paths.stateDir);
    const unfinished = await readHolder(holderFile);
    const holder: LockHolder = { command, pid: process.pid, host: hostname(), since: new Date().toISOString() };
    await writeAtomically(holderFile, JSON.stringify(holder));
    try {
      return await use({ unfinished });
    } finally {
      await rm(holderFile, { force: true });
    }
  } finally {
    lock.close();
  }
}

/** What SQLite answers if another process has the file (https://sqlite.org/rescode.html). */
const sqliteBusy = 5;

/** SQLite is the only way in Node to a lock that the kernel takes back from a dead process. Nothing is stored in the database. */
function tryLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma busy_timeout = 0; begin exclusive');
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
}

/** Nothing in the moment in which the lock is taken and its holder is not written down yet. */
async function readHolder(file: string): Promise<LockHolder | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : holderSchema.safeParse(JSON.parse(text)).data;
}

/** A draft lives for milliseconds. One of a process that was killed may hold a secret, and is in nobody's way until it is this old. */
const oldDraftMs = 10 * 60_000;

async function removeOldDrafts(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(draftSuffix))) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > oldDraftMs) await rm(file, { force: true });
  }
}

function busy(holder: LockHolder | undefined): CheckoutBusyError {
  const who =
    holder === undefined ? 'Another command' : `\`${holder.command}\` (pid ${holder.pid} on ${holder.host}, since ${holder.since})`;
  const end = holder === undefined ? '' : `, or stop it: kill -INT ${holder.pid}`;
  return new CheckoutBusyError(`${who} is changing this checkout's platform. Nothing was changed. Wait until it ends${end}`);
}
