import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface SecretBox {
  /** Encrypts; the same context (an application's id) must be given to open it. */
  seal(plaintext: string, context: string): string;
  /** @throws Error where the text was changed, or sealed with another key or context */
  open(sealed: string, context: string): string;
}

const version = 'v1';
const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** The nonce size GCM is defined for without extra hashing. */
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with a random nonce. The context is authenticated, so that one application's sealed secret can't be put in another's row.
 *
 * @param base64Key 32 bytes in base64
 */
export function createSecretBox(base64Key: string): SecretBox {
  const key = Buffer.from(base64Key, 'base64');
  if (key.length !== keyBytes) throw new Error('The encryption key must be 32 bytes in base64');

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url')}`;
    },

    open(sealed, context) {
      const [sealedVersion, payload] = sealed.split('.');
      const bytes = Buffer.from(payload ?? '', 'base64url');
      if (sealedVersion !== version || bytes.length < nonceBytes + tagBytes) throw new Error('Not a sealed secret of this version');
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
    },
  };
}
