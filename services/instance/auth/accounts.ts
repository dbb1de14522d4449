import { appErrors } from '../../shared/errors.ts';
import { errorCode, toAppError } from './auth-errors.ts';
import type { Auth } from './create-auth.ts';
import type { HashingGate } from './hashing-gate.ts';
import { bearerHeaders } from './session-token.ts';
import type { ClientInfo } from './session-token.ts';

export type SignedIn = NonNullable<Awaited<ReturnType<Auth['api']['getSession']>>>;

export interface SignedUp {
  user: SignedIn['user'];
  /** Null where the e-mail address must be verified first. */
  session: SignedIn['session'] | null;
}

export interface Credentials {
  email: string;
  password: string;
}

/** What a person does with their own account. Every function throws AppError only. */
export type Accounts = ReturnType<typeof createAccounts>;

export function createAccounts({ auth, gate }: { auth: Auth; gate: HashingGate }) {
  return {
    /** @throws conflict where the e-mail address is taken */
    async signUp({ email, password, name }: Credentials & { name?: string | undefined }, client: ClientInfo): Promise<SignedUp> {
      try {
        const body = { email, password, name: name ?? '' };
        const created = await gate.run(() => auth.api.signUpEmail({ body, headers: client.headers }));
        return { user: created.user, session: created.token === null ? null : (await findSession(auth, created.token)).session };
      } catch (err) {
        // Two sign-ups at once with one address: the loser meets the unique constraint, which better-auth reports without its reason.
        if (errorCode(err) === 'FAILED_TO_CREATE_USER' && (await emailIsTaken(auth, email))) {
          throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
        }
        throw toAppError(err);
      }
    },

    /** @throws unauthorized, the same for an unknown address and a wrong password */
    async signIn(body: Credentials, client: ClientInfo): Promise<SignedIn> {
      try {
        const { token } = await gate.run(() => auth.api.signInEmail({ body, headers: client.headers }));
        return await findSession(auth, token);
      } catch (err) {
        throw toAppError(err);
      }
    },

    /** Ends the session; one that has ended already is fine. */
    async signOut(token: string): Promise<void> {
      try {
        await (await auth.$context).internalAdapter.deleteSession(token);
      } catch (err) {
        throw toAppError(err);
      }
    },

    /**
     * The session and its user; prolongs a session in use.
     *
     * @returns refreshed: whether this call prolonged it
     * @throws unauthorized where the session is unknown or has ended
     */
    async readSession(token: string): Promise<SignedIn & { refreshed: boolean }> {
      const startedAt = Date.now();
      try {
        const found = await auth.api.getSession({ headers: bearerHeaders(token) });
        if (!found) throw appErrors.unauthorized('invalid_session');
        return { ...found, refreshed: new Date(found.session.updatedAt).getTime() >= startedAt };
      } catch (err) {
        throw toAppError(err);
      }
    },

    /** Changes the password, ends every session of the user and starts a new one, so that a stolen session ends with the old password. */
    async changePassword(token: string, body: { currentPassword: string; newPassword: string }): Promise<SignedIn> {
      try {
        const options = { body: { ...body, revokeOtherSessions: true }, headers: bearerHeaders(token) };
        const changed = await gate.run(() => auth.api.changePassword(options));
        if (changed.token === null) throw new Error('better-auth changed a password and started no session');
        return await findSession(auth, changed.token);
      } catch (err) {
        throw toAppError(err, {
          INVALID_PASSWORD: () => appErrors.unauthorized('invalid_credentials'),
          PASSWORD_TOO_SHORT: () => appErrors.invalidRequest({ field: 'newPassword', reason: 'too_short' }),
          PASSWORD_TOO_LONG: () => appErrors.invalidRequest({ field: 'newPassword', reason: 'too_long' }),
        });
      }
    },
  };
}

// better-auth answers a sign-in with the token alone; the product also tells when the session ends.
async function findSession(auth: Auth, token: string): Promise<SignedIn> {
  const found = await (await auth.$context).internalAdapter.findSession(token);
  if (!found) throw new Error('A session that was just made is not there');
  return found;
}

async function emailIsTaken(auth: Auth, email: string): Promise<boolean> {
  return (await (await auth.$context).internalAdapter.findUserByEmail(email)) !== null;
}
