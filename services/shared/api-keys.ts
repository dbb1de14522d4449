import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId } from './ids.ts';

export type ApiKeyType = 'public' | 'secret';

export const apiKeyScopes = [
  'users:read',
  'users:write',
  'sessions:manage',
  'organizations:read',
  'organizations:write',
  'audit:read',
  '*',
] as const;
export type ApiKeyScope = (typeof apiKeyScopes)[number];

export interface NewApiKey {
  id: string;
  /** The whole key: shown once, never stored. */
  key: string;
  /** What a listing shows. */
  prefix: string;
  /** SHA-256, hex. A slow hash would add nothing: the key has 256 random bits. */
  hash: string;
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const keyBytes = 32;
/** 62^43 > 2^256: every key has this many characters after its prefix. */
const keyCharacters = 43;
/** Eight characters of kind (`sk_live_`) and four of the key itself: enough to tell keys apart, useless for guessing. */
const shownCharacters = 12;

/** Makes an API key: `pk_`/`sk_` by type, `live_` in production and `test_` elsewhere, then 32 random bytes in base62. */
export function newApiKey({ type, environment }: { type: ApiKeyType; environment: 'production' | 'staging' | 'development' }): NewApiKey {
  const kind = `${type === 'public' ? 'pk' : 'sk'}_${environment === 'production' ? 'live' : 'test'}_`;
  const key = kind + encodeBase62(randomBytes(keyBytes));
  return { id: newId('key'), key, prefix: key.slice(0, shownCharacters), hash: hashApiKey(key) };
}

/** SHA-256 of the whole key, hex. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Compares two hashes in constant time; different lengths are different. */
export function hashesEqual(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function encodeBase62(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < keyCharacters; i += 1) {
    text = (base62[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}
