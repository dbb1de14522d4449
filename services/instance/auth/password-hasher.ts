import { randomBytes } from 'node:crypto';
import { readArgon2Hash } from './password-hashes/argon2-hashes.ts';
import { readAspNetHash } from './password-hashes/aspnet-hashes.ts';
import { readFirebaseHash } from './password-hashes/firebase-hashes.ts';
import { readPbkdf2Hash } from './password-hashes/pbkdf2-hashes.ts';
import { deriveScryptKey, readScryptHash } from './password-hashes/scrypt-hashes.ts';
import type { ScryptParameters } from './password-hashes/scrypt-hashes.ts';
import type { StoredHash } from './password-hashes/stored-hash.ts';

/** Hashes passwords and says whether a stored hash should be replaced. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** False for a wrong password and for a hash of no known form. */
  verify(given: { hash: string; password: string }): Promise<boolean>;
  /** Whether the hash has today's form and cost. */
  isCurrent(hash: string): boolean;
  /** Whether a hash that this password has just been verified by should be replaced by one of today's form. */
  isRenewable(hash: string, password: string): boolean;
}

interface PasswordHasherOptions {
  /** log2 of scrypt's N. */
  cost: number;
  /** bcrypt is for imported hashes only; it runs elsewhere, since its computation would hold this thread. */
  verifyBcrypt: (given: { hash: string; password: string }) => Promise<boolean>;
}

/**
 * 16 MiB and about 0.2 s of a core. OWASP's list of equal choices for scrypt (Password Storage Cheat Sheet) has N=2^14, r=8, p=5, of which
 * this is the one that takes the least time; better-auth's own default (N=2^14, r=16, p=1) does 40 % of that work.
 */
export const defaultPasswordHashCost = 14;
/** The other rows of that list: with less memory, more passes. Above 2^17 one pass is enough. */
const passesByCost: Readonly<Record<number, number>> = { 13: 10, 14: 5, 15: 3, 16: 2 };
const blockSize = 8;
const saltBytes = 16;
const keyBytes = 32;

/** Cost 4 to 14: one of 15 takes seconds to verify. */
const bcryptForm = /^\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/;
/** bcrypt does not look at what comes after these bytes. */
const bcryptMaxBytes = 72;
const readers = [readScryptHash, readArgon2Hash, readPbkdf2Hash, readFirebaseHash, readAspNetHash];

export function createPasswordHasher({ cost, verifyBcrypt }: PasswordHasherOptions): PasswordHasher {
  const current: ScryptParameters = { cost, blockSize, parallelization: passesByCost[cost] ?? 1 };
  const currentPrefix = `$scrypt$ln=${cost},r=${blockSize},p=${current.parallelization}$`;
  const isCurrent = (hash: string): boolean => hash.startsWith(currentPrefix) && readHash(hash) !== undefined;

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      // One password may be typed in several Unicode forms.
      const key = await deriveScryptKey({ password: password.normalize('NFKC'), salt, parameters: current, length: keyBytes });
      return `${currentPrefix}${encode(salt)}$${encode(key)}`;
    },

    async verify({ hash, password }) {
      if (bcryptForm.test(hash)) return verifyBcrypt({ hash, password });
      return (await readHash(hash)?.verify(password)) ?? false;
    },

    isCurrent,

    isRenewable(hash, password) {
      if (isCurrent(hash)) return false;
      // What bcrypt did not see may be mistyped: a new hash of it would shut out who types it right. Some implementations end at U+0000 too.
      return !bcryptForm.test(hash) || (Buffer.byteLength(password) <= bcryptMaxBytes && !password.includes('\0'));
    },
  };
}

/** Whether a hash made elsewhere can be verified here, at a bounded price. */
export function isKnownPasswordHash(hash: string): boolean {
  return bcryptForm.test(hash) || readHash(hash) !== undefined;
}

function readHash(hash: string): StoredHash | undefined {
  for (const read of readers) {
    const found = read(hash);
    if (found) return found;
  }
  return undefined;
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
