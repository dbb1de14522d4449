import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** PostgreSQL's own number of iterations (SCRAM_SHA_256_DEFAULT_ITERATIONS). */
const iterations = 4_096;
const saltBytes = 16;

/**
 * What PostgreSQL stores for a password, made here so that the password itself is never in a statement, and so in no server log.
 * A value that is a verifier already is returned as it is. Source: RFC 5802, PostgreSQL's scram-common.c.
 */
export async function scramVerifier(password: string, salt = randomBytes(saltBytes)): Promise<string> {
  if (/^(SCRAM-SHA-256\$|md5[0-9a-f]{32}$)/.test(password)) return password;
  // SASLprep's normalization; for ASCII, which is what generated passwords are, it changes nothing.
  const salted = await promisify(pbkdf2)(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
