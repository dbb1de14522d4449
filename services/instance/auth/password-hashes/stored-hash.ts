/** A password's hash as it was read, of whatever form. */
export interface StoredHash {
  /** Compares in a thread of Node's pool, never in this one. The password as it was typed. */
  verify(password: string): Promise<boolean>;
}

/** Reads a hash of one form; undefined where it is of another form, or costs more than may be spent on it. */
export type ReadHash = (hash: string) => StoredHash | undefined;

/** What an imported hash may ask for: the memory of scrypt at N = 2^17, r = 8. Few are computed at once. */
export const maxMemoryBytes = 128 * 2 ** 20;

/** Base64 with or without padding. */
export function decodeBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
