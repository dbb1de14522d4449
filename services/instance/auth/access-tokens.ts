import type { Auth } from './create-auth.ts';
import type { SignedIn } from './stored-user.ts';

export interface AccessToken {
  token: string;
  expiresAt: Date;
}

/**
 * Short-lived JWTs for a session, which an application's own servers verify by our public keys, without asking us. Such a token outlives
 * the end of its session by at most these minutes.
 */
export type AccessTokens = ReturnType<typeof createAccessTokens>;

const lifetimeSeconds = 600;
/** A key signs for a month. It is published for a day longer: many times the life of what it has signed. */
export const signingKeySeconds = { rotation: 30 * 86_400, grace: 86_400 } as const;

export function createAccessTokens({ auth, issuer, audience }: { auth: Auth; issuer: string; audience: string }) {
  return {
    async issue({ user, session }: SignedIn): Promise<AccessToken> {
      const issuedAt = Math.floor(Date.now() / 1_000);
      const expiresAt = Math.min(issuedAt + lifetimeSeconds, Math.floor(new Date(session.expiresAt).getTime() / 1_000));
      const { email, emailVerified, name } = user;
      const { token } = await auth.api.signJWT({
        body: {
          payload: {
            ...{ iss: issuer, aud: audience, sub: user.id, sid: session.id, iat: issuedAt, exp: expiresAt },
            ...{ email, email_verified: emailVerified, name },
          },
        },
      });
      return { token, expiresAt: new Date(expiresAt * 1_000) };
    },

    /** The public keys, as a JSON Web Key Set. The first call makes the first key. */
    async keys(): Promise<{ keys: object[] }> {
      const { keys } = await auth.api.getJwks();
      return { keys: keys.map((key) => ({ ...key, use: 'sig' })) };
    },
  };
}
