import { scrypt, timingSafeEqual } from 'node:crypto';
import { decodeBase64, maxMemoryBytes } from './stored-hash.ts';
import type { ReadHash, StoredHash } from './stored-hash.ts';

export interface ScryptParameters {
  /** log2 of N. */
  cost: number;
  blockSize: number;
  parallelization: number;
}

/** Of better-auth's hashes, `salt:key` in hex, whose parameters are not in them. */
const betterAuthParameters: ScryptParameters = { cost: 14, blockSize: 16, parallelization: 1 };
const betterAuthForm = /^([0-9a-f]{32}):([0-9a-f]{128})$/;
const phcForm = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
const werkzeugForm = /^scrypt:(\d{4,6}):(\d{1,2}):(\d{1,2})\$([A-Za-z0-9]{1,64})\$([0-9a-f]{128})$/;
const maxWork = 2 ** 20;

/** `$scrypt$ln=…,r=…,p=…$salt$key`, better-auth's `salt:key`, and Werkzeug's `scrypt:N:r:p$salt$key`. */
export const readScryptHash: ReadHash = (hash) => {
  const betterAuth = betterAuthForm.exec(hash);
  if (betterAuth) {
    // better-auth feeds the hex text of the salt in, not its bytes.
    const [, salt = '', key = ''] = betterAuth;
    return storedHash({ parameters: betterAuthParameters, salt, key: Buffer.from(key, 'hex') });
  }
  const werkzeug = werkzeugForm.exec(hash);
  if (werkzeug) {
    const [, n, r, p, salt = '', key = ''] = werkzeug;
    const cost = Math.log2(Number(n));
    const parameters = { cost, blockSize: Number(r), parallelization: Number(p) };
    return Number.isInteger(cost) ? storedHash({ parameters, salt, key: Buffer.from(key, 'hex') }) : undefined;
  }
  const phc = phcForm.exec(hash);
  if (!phc) return undefined;
  const [, ln, r, p, salt = '', key = ''] = phc;
  const parameters = { cost: Number(ln), blockSize: Number(r), parallelization: Number(p) };
  return storedHash({ parameters, salt: decodeBase64(salt), key: decodeBase64(key) });
};

interface DeriveKeyOptions {
  password: string;
  salt: Buffer | string;
  parameters: ScryptParameters;
  /** In bytes. */
  length: number;
}

export function deriveScryptKey({ password, salt, parameters, length }: DeriveKeyOptions): Promise<Buffer> {
  const { cost, blockSize: r, parallelization: p } = parameters;
  return new Promise((resolve, reject) => {
    // maxmem is Node's own guard, half of which the buffers of p need.
    scrypt(password, salt, length, { N: 2 ** cost, r, p, maxmem: 256 * 2 ** cost * r }, (err, key) => (err ? reject(err) : resolve(key)));
  });
}

/** Whether it costs little enough, and enough to be one. */
export function isAffordableScrypt({ cost, blockSize: r, parallelization: p }: ScryptParameters): boolean {
  return cost >= 10 && cost <= 20 && r >= 1 && p >= 1 && 128 * 2 ** cost * r <= maxMemoryBytes && 2 ** cost * r * p <= maxWork;
}

interface ScryptHash {
  parameters: ScryptParameters;
  salt: Buffer | string;
  key: Buffer;
}

function storedHash({ parameters, salt, key }: ScryptHash): StoredHash | undefined {
  if (!isAffordableScrypt(parameters)) return undefined;
  return {
    async verify(password) {
      // One password may be typed in several Unicode forms.
      const given = await deriveScryptKey({ password: password.normalize('NFKC'), salt, parameters, length: key.length });
      return timingSafeEqual(given, key);
    },
  };
}
