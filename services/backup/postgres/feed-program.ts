import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { measureStream } from './measure-stream.ts';
import type { Measured } from './measure-stream.ts';

/**
 * Gives a program all of a stream as its input, and measures what there was of it. A program that has ended has read what it wanted, and its exit
 * code says whether that was good: what it leaves is measured as well, and its closed input is no error.
 */
export async function feedProgram(source: Readable, { stdin }: ChildProcess, signal?: AbortSignal): Promise<Measured> {
  if (stdin === null) throw new Error('the program has no input');
  // Without a word to a write that is under way, a socket is closed when its program ends.
  let written: (() => void) | undefined;
  const release = (): void => {
    const done = written;
    // First: where more is waiting, the next write begins within the call.
    written = undefined;
    done?.();
  };
  stdin.on('error', () => undefined).on('close', release);
  const input = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written = done;
      if (stdin.writable) stdin.write(chunk, release);
      else release();
    },
    final(done) {
      stdin.end();
      done();
    },
    destroy: (error, done) => {
      // A program whose input fails must not take what it got for all.
      if (error !== null) stdin.destroy();
      done(error);
    },
  });
  const { stream, measured } = measureStream();
  await pipeline(source, stream, input, { signal });
  return measured();
}
