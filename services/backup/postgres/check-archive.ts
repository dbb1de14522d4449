import type { Readable } from 'node:stream';
import { feedProgram } from './feed-program.ts';
import type { Measured } from './measure-stream.ts';
import { startPgProgram } from './pg-program.ts';
import type { PgProgramOptions } from './pg-program.ts';

/**
 * Reads an archive back, from where it was written to, to its last byte: the checksum says that it is what pg_dump wrote, and pg_restore, which
 * turns all of it into SQL for nobody, that it can be restored. `pg_restore --list` alone would read the table of contents and no more.
 *
 * @throws Error saying what is wrong with it
 */
export async function checkArchive(source: Readable, expected: Measured, options: Omit<PgProgramOptions, 'url'>): Promise<void> {
  const { child, done } = startPgProgram('pg_restore', ['--file=/dev/null'], options);
  child.stdout?.resume();
  const [fed, read] = await Promise.allSettled([feedProgram(source, child, options.signal), done]);
  // The cause before its consequence: what was cut short can't be read either.
  if (fed.status === 'rejected') throw fed.reason;
  const { bytes, sha256 } = fed.value;
  if (bytes !== expected.bytes || sha256 !== expected.sha256)
    throw new Error(`it is not what was written: ${bytes} bytes instead of ${expected.bytes}, or of another checksum`);
  if (read.status === 'rejected') throw read.reason;
}
