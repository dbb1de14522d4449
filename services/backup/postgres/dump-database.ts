import type { Readable } from 'node:stream';
import { measureStream } from './measure-stream.ts';
import type { Measured } from './measure-stream.ts';
import { startPgProgram } from './pg-program.ts';
import type { PgProgramOptions } from './pg-program.ts';

export interface DatabaseDump {
  /** The archive; it fails, instead of ending, where pg_dump does. */
  stream: Readable;
  /** Of what has come through the stream, once it has ended. */
  measured: () => Measured;
}

/** A table that somebody else holds for this long is no reason to wait for ever. */
const lockTimeout = '60s';

/**
 * Dumps a database in PostgreSQL's custom format, as one consistent moment of it. Nothing is kept in memory or on a disk. pg_dump runs nothing of
 * what the database's owner has put there: it names all that it calls with its schema, reads no view, and takes a policy for an error.
 */
export function dumpDatabase(options: PgProgramOptions & { url: string }): DatabaseDump {
  const args = ['--format=custom', '--no-password', `--lock-wait-timeout=${lockTimeout}`];
  const { child, done } = startPgProgram('pg_dump', args, { ...options, readOnly: true });
  child.stdin?.end();
  const { stream, measured } = measureStream(() => done);
  child.stdout?.pipe(stream);
  // Without its output to write to, it would wait for ever.
  stream.on('close', () => child.stdout?.destroy());
  // It may fail before anybody reads it; who does is told all the same.
  stream.on('error', () => undefined);
  done.catch((error: Error) => stream.destroy(error));
  return { stream, measured };
}
