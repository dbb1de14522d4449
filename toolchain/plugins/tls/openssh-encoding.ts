import { randomBytes } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

// OpenSSH's formats: RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4; openssh-portable/PROTOCOL.key. Node writes none of them.

/** OpenSSH's name for a key's type; undefined for a curve that it does not have. */
export function opensshType(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'ssh-rsa';
  if (key.asymmetricKeyType === 'ed25519') return 'ssh-ed25519';
  const curve = sshCurve(key);
  return curve && `ecdsa-sha2-${curve}`;
}

/** The public key as OpenSSH sends it, writes it in base64, and hashes it for a fingerprint. */
export function opensshPublicBlob(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const type = sshString(opensshType(key) ?? '');
  if (key.asymmetricKeyType === 'rsa') return Buffer.concat([type, mpint(jwk.e), mpint(jwk.n)]);
  if (key.asymmetricKeyType === 'ed25519') return Buffer.concat([type, sshString(bytes(jwk.x))]);
  return Buffer.concat([type, sshString(sshCurve(key) ?? ''), sshString(point(jwk))]);
}

/** The private key in OpenSSH's own format, without a passphrase. */
export function opensshPrivateKey(key: KeyObject): string {
  const check = randomBytes(4);
  const section = Buffer.concat([check, check, privateFields(key), sshString('')]);
  // Padded to 8 bytes with 1, 2, 3 …
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(sshString),
    uint32(1),
    sshString(opensshPublicBlob(key)),
    sshString(Buffer.concat([section, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

function privateFields(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const type = sshString(opensshType(key) ?? '');
  if (key.asymmetricKeyType === 'rsa')
    return Buffer.concat([type, mpint(jwk.n), mpint(jwk.e), mpint(jwk.d), mpint(jwk.qi), mpint(jwk.p), mpint(jwk.q)]);
  if (key.asymmetricKeyType === 'ed25519')
    return Buffer.concat([type, sshString(bytes(jwk.x)), sshString(Buffer.concat([bytes(jwk.d), bytes(jwk.x)]))]);
  return Buffer.concat([opensshPublicBlob(key), mpint(jwk.d)]);
}

function sshCurve(key: KeyObject): string | undefined {
  const curves: Record<string, string> = { prime256v1: 'nistp256', secp384r1: 'nistp384', secp521r1: 'nistp521' };
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
}

/** Uncompressed. */
function point({ x, y }: JsonWebKey): Buffer {
  return Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
}

function bytes(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? '', 'base64url');
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function sshString(value: string | Buffer): Buffer {
  const buffer = Buffer.from(value);
  return Buffer.concat([uint32(buffer.length), buffer]);
}

/** Without leading zeros, but one where the number would look negative. */
function mpint(base64url: string | undefined): Buffer {
  const buffer = bytes(base64url);
  const start = buffer.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(0) : buffer.subarray(start);
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}
