import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Hashes passwords and says whether a stored hash should be replaced. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** False for a wrong password and for a hash of no known form. */
  verify(given: { hash: string; password: string }): Promise<boolean>;
  /** Whether the hash has today's form and cost. */
  isCurrent(hash: string): boolean;
}

interface PasswordHasherOptions {
  /** log2 of scrypt's N. */
  cost: number;
  /** bcrypt is for imported hashes only; it runs elsewhere, since its computation would hold this thread. */
  verifyBcrypt: (given: { hash: string; password: string }) => Promise<boolean>;
}

interface ScryptParameters {
  cost: number;
  blockSize: number;
  parallelization: number;
}

type ParsedHash =
  { kind: 'scrypt'; parameters: ScryptParameters; salt: Buffer | string; key: Buffer; phc: boolean } | { kind: 'bcrypt' } | undefined;

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

/** Of better-auth's hashes, `salt:key` in hex, whose parameters are not in them. */
const betterAuthParameters: ScryptParameters = { cost: 14, blockSize: 16, parallelization: 1 };
const betterAuthForm = /^([0-9a-f]{32}):([0-9a-f]{128})$/;
const phcForm = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
/** Cost 4 to 14: one of 15 takes seconds to verify. */
const bcryptForm = /^\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/;
/** What an imported hash may ask for: the memory and time of one at cost 17, and no more. */
const maxMemoryBytes = 128 * 2 ** 17 * blockSize;
const maxWork = 2 ** 20;

export function createPasswordHasher({ cost, verifyBcrypt }: PasswordHasherOptions): PasswordHasher {
  const current: ScryptParameters = { cost, blockSize, parallelization: passesByCost[cost] ?? 1 };

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      const key = await deriveKey({ password, salt, parameters: current, length: keyBytes });
      return `$scrypt$ln=${cost},r=${blockSize},p=${current.parallelization}$${encode(salt)}$${encode(key)}`;
    },

    async verify({ hash, password }) {
      const parsed = parseHash(hash);
      if (parsed === undefined) return false;
      if (parsed.kind === 'bcrypt') return verifyBcrypt({ hash, password });
      const { salt, parameters, key } = parsed;
      return timingSafeEqual(await deriveKey({ password, salt, parameters, length: key.length }), key);
    },

    isCurrent(hash) {
      const parsed = parseHash(hash);
      if (parsed?.kind !== 'scrypt' || !parsed.phc) return false;
      const { parameters } = parsed;
      return parameters.cost === cost && parameters.blockSize === blockSize && parameters.parallelization === current.parallelization;
    },
  };
}

/** Whether a hash made elsewhere can be verified here, at a bounded price. */
export function isKnownPasswordHash(hash: string): boolean {
  return parseHash(hash) !== undefined;
}

function parseHash(hash: string): ParsedHash {
  if (bcryptForm.test(hash)) return { kind: 'bcrypt' };
  const betterAuth = betterAuthForm.exec(hash);
  if (betterAuth?.[1] !== undefined && betterAuth[2] !== undefined) {
    // better-auth feeds the hex text of the salt in, not its bytes.
    return { kind: 'scrypt', parameters: betterAuthParameters, salt: betterAuth[1], key: Buffer.from(betterAuth[2], 'hex'), phc: false };
  }
  const phc = phcForm.exec(hash);
  if (!phc) return undefined;
  const [, ln, r, p, salt = '', key = ''] = phc;
  const parameters = { cost: Number(ln), blockSize: Number(r), parallelization: Number(p) };
  if (!isAffordable(parameters)) return undefined;
  return { kind: 'scrypt', parameters, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64'), phc: true };
}

function isAffordable({ cost, blockSize: r, parallelization: p }: ScryptParameters): boolean {
  return cost >= 10 && r >= 1 && p >= 1 && 128 * 2 ** cost * r <= maxMemoryBytes && 2 ** cost * r * p <= maxWork;
}

interface DeriveKeyOptions {
  password: string;
  salt: Buffer | string;
  parameters: ScryptParameters;
  length: number;
}

function deriveKey({ password, salt, parameters, length }: DeriveKeyOptions): Promise<Buffer> {
  const { cost, blockSize: r, parallelization: p } = parameters;
  return new Promise((resolve, reject) => {
    // One password may be typed in several Unicode forms. maxmem is Node's own guard, half of which the buffers of p need.
    scrypt(password.normalize('NFKC'), salt, length, { N: 2 ** cost, r, p, maxmem: 256 * 2 ** cost * r }, (err, key) =>
      err ? reject(err) : resolve(key),
    );
  });
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
