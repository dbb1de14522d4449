import { appErrors } from '../../shared/errors.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase } from './auth-database.ts';
import { insertUser } from './insert-user.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PendingSignUps } from './pending-sign-ups.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import type { StoredSession, StoredUser } from './stored-user.ts';
import { findUserByEmail, findUserById } from './user-store.ts';

export interface SignedUp {
  user: StoredUser;
  /** Null where the e-mail address must be verified first. */
  session: StoredSession | null;
  /** What the mail to the address consents to; null where none is to be sent. */
  pendingId: string | null;
}

export interface NewAccount {
  email: string;
  password: string;
  name?: string | undefined;
}

interface SignUpDeps {
  database: AuthDatabase;
  gate: HashingGate;
  hasher: PasswordHasher;
  sessions: Sessions;
  pendingSignUps: PendingSignUps;
  emailVerificationRequired: boolean;
}

/** @throws conflict where the e-mail address is taken and need not be verified; otherwise nobody learns of it */
export type SignUp = (account: NewAccount, client: ClientInfo) => Promise<SignedUp>;

export function createSignUp(deps: SignUpDeps): SignUp {
  const { database, gate, hasher, sessions, pendingSignUps, emailVerificationRequired } = deps;

  async function signUpAtOnce({ email, password, name }: NewAccount, client: ClientInfo): Promise<SignedUp> {
    if (await findUserByEmail(database, email)) throw taken();
    const passwordHash = await gate.run(client.key ?? email, () => hasher.hash(password));
    const id = newId('usr');
    if (!(await insertUser(database, { id, email, name, passwordHash }))) throw taken();
    const user = await findUserById(database, id);
    if (!user) throw new Error('A user that was just made is not there');
    return { ...(await sessions.open(user, client)), pendingId: null };
  }

  /** The same work and the same answer whether or not the address is a user's. */
  async function signUpPending({ email, password, name = '' }: NewAccount, client: ClientInfo): Promise<SignedUp> {
    const passwordHash = await gate.run(client.key ?? email, () => hasher.hash(password));
    const id = newId('usr');
    // Without the password: which sign-up's counts is decided by the receiver of its mail.
    await insertUser(database, { id, email, name });
    const owner = await findUserByEmail(database, email);
    if (!owner) throw new Error('A user that was just made is not there');
    const pendingId = await pendingSignUps.add(owner.id, { passwordHash, name });
    return { user: asMadeNow({ id, email, name }), session: null, pendingId };
  }

  return (account, client) => (emailVerificationRequired ? signUpPending(account, client) : signUpAtOnce(account, client));
}

/** For an address that has a user already, the id is one that nobody has. */
function asMadeNow({ id, email, name }: { id: string; email: string; name: string }): StoredUser {
  const now = new Date();
  const unset = { image: null, banned: null, banReason: null, banExpires: null, metadata: null };
  return { ...unset, id, email: email.toLowerCase(), name, emailVerified: false, twoFactorEnabled: false, createdAt: now, updatedAt: now };
}

function taken(): Error {
  return appErrors.conflict({ field: 'email', reason: 'already_in_use' });
}
