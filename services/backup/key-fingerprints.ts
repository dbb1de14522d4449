import { createHmac } from 'node:crypto';

/**
 * Tells whether a platform has the key with which secrets in the control database are sealed. Keyed by the key itself, which is random, so that
 * it says nothing of it. The passphrase's fingerprint is made in the same way by the platform program (platform/backups).
 */
export function encryptionKeyFingerprint(base64Key: string): string {
  return createHmac('sha256', Buffer.from(base64Key, 'base64')).update('authsome-backup encryption-key').digest('hex').slice(0, 32);
}
