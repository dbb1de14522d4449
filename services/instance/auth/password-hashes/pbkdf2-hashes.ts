import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { decodeBase64 } from './stored-hash.ts';
import type { ReadHash, StoredHash } from './stored-hash.ts';

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Digest = keyof typeof digestBytes;

/** Django: `pbkdf2_sha256$600000$salt$key`, the salt as it is written, the key in base64. */
const djangoForm = /^pbkdf2_(sha1|sha256)\$(\d{4,7})\$([A-Za-z0-9]{1,64})\$([A-Za-z0-9+/]{27,43})=$/;
/** Werkzeug (Flask): `pbkdf2:sha256:600000$salt$key`, the salt as it is written, the key in hex. */
const werkzeugForm = /^pbkdf2:(sha1|sha256|sha512):(\d{4,7})\$([A-Za-z0-9]{1,64})\$([0-9a-f]{40,128})$/;
/** PHC: `$pbkdf2-sha256$i=600000,l=32$salt$key`; passlib leaves `i=` and `l` out, names SHA-1 by no name, and writes `.` for `+`. */
const phcForm =
  /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{4,7})(?:,l=\d{1,2})?\$([A-Za-z0-9+/.]{2,128})={0,2}\$([A-Za-z0-9+/.]{22,86})={0,2}$/;

/** Rounds times blocks of the digest: about a second of a core. */
const maxWork = 2_000_000;

/** PBKDF2 with HMAC, as Django, Werkzeug, passlib and the PHC format write it. */
export const readPbkdf2Hash: ReadHash = (hash) => {
  const written = djangoForm.exec(hash) ?? werkzeugForm.exec(hash);
  if (written) {
    const [, digest, iterations, salt = '', key = ''] = written;
    const keyBytes = hash.startsWith('pbkdf2:') ? Buffer.from(key, 'hex') : decodeBase64(key);
    return storedPbkdf2({ digest: digest as Digest, iterations: Number(iterations), salt: Buffer.from(salt), key: keyBytes });
  }
  const phc = phcForm.exec(hash);
  if (!phc) return undefined;
  const [, digest = 'sha1', iterations, salt = '', key = ''] = phc;
  const decode = (text: string): Buffer => decodeBase64(text.replaceAll('.', '+'));
  return storedPbkdf2({ digest: digest as Digest, iterations: Number(iterations), salt: decode(salt), key: decode(key) });
};

interface Pbkdf2Hash {
  digest: Digest;
  iterations: number;
  salt: Buffer;
  key: Buffer;
}

/** Undefined where it costs too much. */
export function storedPbkdf2({ digest, iterations, salt, key }: Pbkdf2Hash): StoredHash | undefined {
  const blocks = Math.ceil(key.length / digestBytes[digest]);
  if (key.length < 16 || iterations < 1_000 || iterations * blocks > maxWork) return undefined;
  return {
    verify: (password) =>
      new Promise((resolve, reject) => {
        pbkdf2(password, salt, iterations, key.length, digest, (err, given) => (err ? reject(err) : resolve(timingSafeEqual(given, key))));
      }),
  };
}
