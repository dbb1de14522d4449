import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { SecurityNotices } from '../email/security-notices.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { ConfirmPresence } from './fresh-sign-in.ts';
import { holdUser } from './hold-user.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { CodeGuess, SecondFactor } from './second-factor.ts';
import type { ClientInfo } from './session-token.ts';
import type { Sessions } from './sessions.ts';
import { isBanned } from './stored-user.ts';
import type { SignedIn, StoredUser } from './stored-user.ts';
import type { UserChanges } from './user-changes.ts';

interface TotpDeps {
  database: AuthDatabase;
  guard: GuessGuard;
  confirmPresence: ConfirmPresence;
  notices: SecurityNotices;
  sessions: Sessions;
  tokens: OneTimeTokens;
  changes: UserChanges;
  secondFactor: SecondFactor;
}

export interface TotpEnrolment {
  password?: string | undefined;
  /** Shown by authenticators. */
  issuer?: string | undefined;
}

/** One-time codes of an authenticator as second factor. */
export type Totp = ReturnType<typeof createTotp>;

/** Wrong codes for one challenge: after them one has to sign in again. */
const attemptsPerChallenge = 5;

export function createTotp({ database, guard, confirmPresence, notices, sessions, tokens, changes, secondFactor }: TotpDeps) {
  async function verifyOrRefuse(guess: CodeGuess): Promise<void> {
    if (!(await secondFactor.verify(guess, { allowBackupCode: true }))) throw wrongCode();
  }

  return {
    /**
     * Makes a secret, which counts once a code of it was shown (`confirm`).
     *
     * @throws unauthorized for a wrong or missing password, forbidden where the user has none and the sign-in is not fresh, conflict where they
     *   have a second factor already
     */
    async enrol(signedIn: SignedIn, { password = '', issuer }: TotpEnrolment, client: ClientInfo) {
      await confirmPresence(signedIn, password, client);
      return secondFactor.enrol(signedIn.user, issuer);
    },

    /** Turns the second factor on with a first code, and ends the user's other sessions, which had none. */
    async confirm({ user, session }: SignedIn, code: string, client: ClientInfo): Promise<StoredUser> {
      if (user.twoFactorEnabled === true) throw appErrors.conflict({ reason: 'totp_already_enabled' });
      if (!(await secondFactor.verify({ userId: user.id, code, client }, { allowBackupCode: false }))) throw wrongCode();
      await database.updateTable('twoFactor').set({ verified: true }).where('userId', '=', user.id).execute();
      const enabled = await changes.update(user.id, { twoFactorEnabled: true });
      await sessions.endOthers(user.id, session.id);
      notices.notifySecondFactor(enabled.email);
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
      return database.transaction().execute(async (transaction) => {
        const user = await holdUser(transaction, userId);
        // Only who takes the challenge out of use gets the session. A reset of the password withdraws it, and then ends all sessions.
        const spent = user && (await tokens.spend('totp-challenge', challengeToken, transaction));
        if (!spent) throw wrongCode();
        if (isBanned(user)) throw appErrors.forbidden('banned');
        return sessions.open(user, client, transaction);
      });
    },
  };
}

function wrongCode(): Error {
  return appErrors.unauthorized('invalid_code');
}
