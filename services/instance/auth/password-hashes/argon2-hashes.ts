import { argon2, timingSafeEqual } from 'node:crypto';
import type { Argon2Algorithm } from 'node:crypto';
import { decodeBase64, maxMemoryBytes } from './stored-hash.ts';
import type { ReadHash } from './stored-hash.ts';

/** The PHC form, which libargon2, PHP, libsodium and passlib write; Django puts `argon2` in front. Version 1.3 only: Node computes no older one. */
const phcForm =
  /^(?:argon2)?\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})={0,2}\$([A-Za-z0-9+/]{16,86})={0,2}$/;
const maxParallelism = 16;
/** KiB, passes over them together: about a second and a half of a core. */
const maxWork = 2 ** 20;
/** RFC 9106, 3.1. */
const minSaltBytes = 8;

/** `$argon2id$v=19$m=…,t=…,p=…$salt$key`, and the same of argon2i and argon2d. */
export const readArgon2Hash: ReadHash = (hash) => {
  const found = phcForm.exec(hash);
  if (!found) return undefined;
  const [, algorithm, m, t, p] = found;
  const [salt, key] = [decodeBase64(found[5] ?? ''), decodeBase64(found[6] ?? '')];
  const parameters = { memory: Number(m), passes: Number(t), parallelism: Number(p), nonce: salt, tagLength: key.length };
  if (salt.length < minSaltBytes || !isAffordable(parameters)) return undefined;
  return {
    verify: (password) =>
      new Promise((resolve, reject) => {
        argon2(algorithm as Argon2Algorithm, { ...parameters, message: password }, (err, given) =>
          err ? reject(err) : resolve(timingSafeEqual(given, key)),
        );
      }),
  };
};

function isAffordable({ memory, passes, parallelism }: { memory: number; passes: number; parallelism: number }): boolean {
  const isPossible = passes >= 1 && parallelism >= 1 && parallelism <= maxParallelism && memory >= 8 * parallelism;
  return isPossible && memory * 1_024 <= maxMemoryBytes && memory * passes <= maxWork;
}
