import { randomInt } from 'node:crypto';

export type IdPrefix =
  | 'usr'
  | 'ws'
  | 'app'
  | 'key'
  | 'mem'
  | 'inv'
  | 'req'
  | 'ses'
  | 'acc'
  | 'ver'
  | 'job'
  | 'op'
  | 'evt'
  | 'swp'
  | 'bkp'
  | 'whk'
  | 'org'
  | 'mfa'
  | 'jwk'
  | 'ott';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const alphabet = `${letters}0123456789`;

/**
 * A random prefixed id. Application ids have 12 characters, the first a letter, so that names derived from them (namespace, database,
 * role) fit; 62 bits are enough under a unique constraint. The others have 20 characters, 103 bits.
 */
export function newId(prefix: IdPrefix): string {
  return prefix === 'app' ? `app_${randomText(letters, 1)}${randomText(alphabet, 11)}` : `${prefix}_${randomText(alphabet, 20)}`;
}

/** True where the text has the form of an id with this prefix; anything else can't be in the database. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[A-Za-z0-9]{6,64}$/.test(text.slice(prefix.length + 1));
}

function randomText(characters: string, length: number): string {
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
}
