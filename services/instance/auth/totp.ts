import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { HashingGate } from '../../shared/guard/hashing-gate.ts';
import { errorCode, toAppError } from './auth-errors.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { Auth } from './create-auth.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { CodeGuess, SecondFactor } from './second-factor.ts';
import { bearerHeaders } from './session-token.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import { isBanned } from './stored-user.ts';
import type { SignedIn, StoredUser } from './stored-user.ts';
import type { UserChanges } from './user-changes.ts';
import { findUserById } from './user-store.ts';

interface TotpDeps {
  auth: Auth;
  database: AuthDatabase;
  guard: GuessGuard;
  gate: HashingGate;
  sessions: Sessions;
  tokens: OneTimeTokens;
  changes: UserChanges;
  secondFactor: SecondFactor;
}

/** One-time codes of an authenticator as second factor. */
export type Totp = ReturnType<typeof createTotp>;

/** Wrong codes for one challenge: after them one has to sign in again. */
const attemptsPerChallenge = 5;

export function createTotp({ auth, database, guard, gate, sessions, tokens, changes, secondFactor }: TotpDeps) {
  async function verifyOrRefuse(guess: CodeGuess): Promise<void> {
    if (!(await secondFactor.verify(guess, { allowBackupCode: true }))) throw wrongCode();
  }

  return {
    /**
     * Makes a secret, which counts once a code of it was shown (`confirm`).
     *
     * @throws unauthorized for a wrong password, conflict where the user has a second factor already
     */
    async enrol(token: string, { password, issuer }: { password?: string | undefined; issuer?: string | undefined }, { key }: ClientInfo) {
      const { user } = await sessions.read(token);
      try {
        const body = { method: 'totp' as const, password, issuer };
        const enrolled = await guard.attempt({ kind: 'password', account: user.email, client: key }, () =>
          gate
            .run(key ?? user.email, () => auth.api.enableTwoFactor({ body, headers: bearerHeaders(token) }))
            .catch((err: unknown) => {
              // Without a password nothing was guessed.
              if (password !== undefined && errorCode(err) === 'INVALID_PASSWORD') return undefined;
              throw err;
            }),
        );
        if (!enrolled) throw appErrors.unauthorized('invalid_credentials');
        if (enrolled.method !== 'totp') throw new Error('better-auth enrolled another method than asked for');
        return { otpauthUri: enrolled.totpURI, backupCodes: enrolled.backupCodes };
      } catch (err) {
        throw toAppError(err, {
          INVALID_PASSWORD: () => appErrors.unauthorized('invalid_credentials'),
          TOTP_ALREADY_ENABLED: () => appErrors.conflict({ reason: 'totp_already_enabled' }),
        });
      }
    },

    /** Turns the second factor on with a first code, and ends the user's other sessions, which had none. */
    async confirm({ user, session }: SignedIn, code: string, client: ClientInfo): Promise<StoredUser> {
      if (user.twoFactorEnabled === true) throw appErrors.conflict({ reason: 'totp_already_enabled' });
      if (!(await secondFactor.verify({ userId: user.id, code, client }, { allowBackupCode: false }))) throw wrongCode();
      await database.updateTable('twoFactor').set({ verified: true }).where('userId', '=', user.id).execute();
      const enabled = await changes.update(user.id, { twoFactorEnabled: true });
      await sessions.endOthers(user.id, session.token);
      return enabled;
    },

    /** Needs a code, or a backup code: a stolen session must not take the second factor away. */
    async disable({ user }: SignedIn, code: string, client: ClientInfo): Promise<void> {
      await verifyOrRefuse({ userId: user.id, code, client });
      await changes.update(user.id, { twoFactorEnabled: false });
      await database.deleteFrom('twoFactor').where('userId', '=', user.id).execute();
    },

    /** Replaces the backup codes. */
    async renewBackupCodes({ user }: SignedIn, code: string, client: ClientInfo): Promise<string[]> {
      await verifyOrRefuse({ userId: user.id, code, client });
      return secondFactor.renewBackupCodes(user.id);
    },

    /**
     * Finishes a sign-in.
     *
     * @throws unauthorized for a wrong code and for a challenge that is unknown, used, expired or tried too often, alike
     */
    async answerChallenge({ challengeToken, code }: { challengeToken: string; code: string }, client: ClientInfo): Promise<SignedIn> {
      const userId = await guard.attempt(
        { kind: 'token', account: null, client: client.key },
        async () => (await tokens.countAttempt('totp-challenge', challengeToken, attemptsPerChallenge)) ?? undefined,
      );
      if (userId === undefined) throw wrongCode();
      await verifyOrRefuse({ userId, code, client });
      // Only who takes the challenge out of use gets the session.
      const spent = await tokens.spend('totp-challenge', challengeToken);
      const user = spent ? await findUserById(database, userId) : undefined;
      if (!user) throw wrongCode();
      if (isBanned(user)) throw appErrors.forbidden('banned');
      return sessions.open(user, client);
    },
  };
}

function wrongCode(): Error {
  return appErrors.unauthorized('invalid_code');
}
