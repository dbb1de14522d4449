import { appErrors } from '../../shared/errors.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { errorCode, toAppError } from './auth-errors.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';
import { clientHeaders } from './session-token.ts';
import type { ClientInfo } from './session-token.ts';
import type { StoredSession, StoredUser } from './stored-user.ts';
import { findUserByEmail } from './user-store.ts';

export interface SignedUp {
  user: StoredUser;
  /** Null where the e-mail address must be verified first. */
  session: StoredSession | null;
}

export interface NewAccount {
  email: string;
  password: string;
  name?: string | undefined;
}

/** @throws conflict where the e-mail address is taken and need not be verified; otherwise nobody learns of it */
export type SignUp = (account: NewAccount, client: ClientInfo) => Promise<SignedUp>;

export function createSignUp({ auth, database, gate }: { auth: Auth; database: AuthDatabase; gate: HashingGate }): SignUp {
  return async ({ email, password, name }, client) => {
    try {
      const body = { email, password, name: name ?? '' };
      const created = await gate.run(client.key ?? email, () => auth.api.signUpEmail({ body, headers: clientHeaders(client) }));
      const user = created.user as StoredUser;
      return { user, session: created.token === null ? null : await findSession(auth, created.token) };
    } catch (err) {
      // Two sign-ups at once with one address: the loser meets the unique constraint, which better-auth reports without its reason.
      if (errorCode(err) === 'FAILED_TO_CREATE_USER' && (await findUserByEmail(database, email))) {
        throw appErrors.conflict({ field: 'email', reason: 'already_in_use' });
      }
      throw toAppError(err);
    }
  };
}

// better-auth answers with the token alone; the product also tells when the session ends.
async function findSession(auth: Auth, token: string): Promise<StoredSession> {
  const found = await (await auth.$context).internalAdapter.findSession(token);
  if (!found) throw new Error('A session that was just made is not there');
  return found.session as StoredSession;
}
