import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { deriveScryptKey, isAffordableScrypt } from './scrypt-hashes.ts';
import { decodeBase64 } from './stored-hash.ts';
import type { ReadHash } from './stored-hash.ts';

/**
 * `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$hash`, as Supabase writes it too: `n`, `r`, `ss` and `sk` are the project's memory cost, rounds,
 * salt separator and signer key; salt and hash are the user's. All in base64 as Firebase exports them.
 */
const form =
  /^\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2}),ss=([A-Za-z0-9+/_-]{0,24}={0,2}),sk=([A-Za-z0-9+/_-]{20,120}={0,2})\$([A-Za-z0-9+/_-]{2,64}={0,2})\$([A-Za-z0-9+/_-]{20,120}={0,2})$/;
const keyBytes = 32;

/** Firebase's scrypt: the derived key encrypts the project's signer key, and what comes out is the hash. */
export const readFirebaseHash: ReadHash = (hash) => {
  const found = form.exec(hash);
  if (!found) return undefined;
  const [, n, r, p] = found;
  const [separator, signerKey, salt, expected] = found.slice(4).map(decodeBase64);
  const parameters = { cost: Number(n), blockSize: Number(r), parallelization: Number(p) };
  if (!separator || !signerKey || !salt || expected?.length !== signerKey.length || !isAffordableScrypt(parameters)) return undefined;
  return {
    async verify(password) {
      const key = await deriveScryptKey({ password, salt: Buffer.concat([salt, separator]), parameters, length: keyBytes });
      const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
      return timingSafeEqual(Buffer.concat([cipher.update(signerKey), cipher.final()]), expected);
    },
  };
};
