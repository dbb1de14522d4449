import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

export interface Measured {
  bytes: number;
  sha256: string;
}

/** Counts and hashes what passes through; it ends only once `complete` has. */
export function measureStream(complete: () => Promise<void> = () => Promise.resolve()): {
  stream: Transform;
  /** Of what has come through, once it has ended. */
  measured: () => Measured;
} {
  const hash = createHash('sha256');
  let [bytes, sha256] = [0, ''];
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      bytes += chunk.length;
      callback(null, chunk);
    },
    flush(callback) {
      complete().then(() => {
        sha256 = hash.digest('hex');
        callback();
      }, callback);
    },
  });
  return { stream, measured: () => ({ bytes, sha256 }) };
}
