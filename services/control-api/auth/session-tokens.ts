import { hkdfSync } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

export interface SessionClaims {
  userId: string;
  sessionId: string;
}

export interface SessionTokens {
  issue(claims: SessionClaims & { expiresAt: Date }): Promise<string>;
  /** Null where the token is not ours, was changed or has expired. Whether its session still exists is the caller's to check. */
  verify(token: string): Promise<SessionClaims | null>;
}

const algorithm = 'HS256';
const audience = 'authsome-control';

/**
 * The owners' bearer tokens: JWTs that name a session. Only the control API reads them, so one symmetric key is enough; it is derived,
 * so that it is not the key that better-auth uses.
 */
export function createSessionTokens({ secret, issuer }: { secret: string; issuer: string }): SessionTokens {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'owner session token', 32));
  return {
    issue: ({ userId, sessionId, expiresAt }) =>
      new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(key),

    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          issuer,
          audience,
          requiredClaims: ['sub', 'sid', 'exp'],
        });
        return typeof payload.sid === 'string' && payload.sub !== undefined ? { userId: payload.sub, sessionId: payload.sid } : null;
      } catch {
        return null;
      }
    },
  };
}
