import { decodeBase64 } from './stored-hash.ts';
import { storedPbkdf2 } from './pbkdf2-hashes.ts';
import type { ReadHash } from './stored-hash.ts';

const base64Form = /^[A-Za-z0-9+/]{60,200}={0,2}$/;
const [version2, version3] = [0, 1];
const version2Bytes = { salt: 16, key: 32 } as const;
const version2Iterations = 1_000;
const version3HeaderBytes = 13;
const digests = ['sha1', 'sha256', 'sha512'] as const;

/**
 * `PasswordHash` of ASP.NET Core Identity, base64. Version 2: 0, salt, key. Version 3: 1, number of the digest, iterations, length of the salt
 * (each 32 bits, big-endian), salt, key.
 */
export const readAspNetHash: ReadHash = (hash) => {
  if (!base64Form.test(hash)) return undefined;
  const bytes = decodeBase64(hash);
  if (bytes[0] === version2 && bytes.length === 1 + version2Bytes.salt + version2Bytes.key) {
    const [salt, key] = [bytes.subarray(1, 1 + version2Bytes.salt), bytes.subarray(1 + version2Bytes.salt)];
    return storedPbkdf2({ digest: 'sha1', iterations: version2Iterations, salt, key });
  }
  if (bytes[0] !== version3 || bytes.length < version3HeaderBytes) return undefined;
  const [digest, iterations, saltBytes] = [digests[bytes.readUInt32BE(1)], bytes.readUInt32BE(5), bytes.readUInt32BE(9)];
  const keyAt = version3HeaderBytes + saltBytes;
  if (digest === undefined || saltBytes < 16 || keyAt > bytes.length) return undefined;
  return storedPbkdf2({ digest, iterations, salt: bytes.subarray(version3HeaderBytes, keyAt), key: bytes.subarray(keyAt) });
};
