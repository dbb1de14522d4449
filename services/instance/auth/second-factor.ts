import { createOTP } from '@better-auth/utils/otp';
import { generateRandomString, symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, TwoFactorTable } from './auth-database.ts';
import { newBackupCodes } from './backup-codes.ts';
import type { Auth } from './create-auth.ts';
import type { ClientInfo } from './session-token.ts';
import type { StoredUser } from './stored-user.ts';
import { matchTotpCode } from './totp-codes.ts';

/** A code that somebody has shown for a user. */
export interface CodeGuess {
  userId: string;
  code: string;
  client: ClientInfo;
}

/** Checks of a user's second factor: codes of their authenticator, and backup codes. */
export type SecondFactor = ReturnType<typeof createSecondFactor>;

/**
 * The last resort, where the guard has lost its memory: it allows far fewer, by client, so that nobody can lock the user out from elsewhere.
 * This count stops everyone. NIST SP 800-63B, 5.2.2 allows 100 in a row.
 */
const maxFailures = 100;
const lockMs = 15 * 60_000;
const totpForm = /^\d{6}$/;
/** 190 bits; RFC 4226 asks for 128. */
const secretLength = 32;
const defaultIssuer = 'AuthSome';

export function createSecondFactor({ auth, database, guard }: { auth: Auth; database: AuthDatabase; guard: GuessGuard }) {
  const keyOf = async () => (await auth.$context).secretConfig;

  /** Counts a failure in advance, so that many attempts at once can't get past the limit; a success takes it back. */
  async function beginAttempt(userId: string): Promise<TwoFactorTable> {
    const now = new Date();
    const count = sql<number>`case when "lockedUntil" is null then coalesce("failedVerificationCount", 0) + 1 else 1 end`;
    const row = await database
      .updateTable('twoFactor')
      .set({
        failedVerificationCount: count,
        lockedUntil: sql<Date | null>`case when ${count} >= ${maxFailures} then ${new Date(now.getTime() + lockMs)}::timestamptz end`,
      })
      .where('userId', '=', userId)
      .where((eb) => eb.or([eb('lockedUntil', 'is', null), eb('lockedUntil', '<=', now)]))
      .returningAll()
      .executeTakeFirst();
    if (row) return row;
    const locked = await database.selectFrom('twoFactor').select('lockedUntil').where('userId', '=', userId).executeTakeFirst();
    if (!locked?.lockedUntil) throw appErrors.conflict({ reason: 'totp_not_enrolled' });
    throw appErrors.rateLimited((locked.lockedUntil.getTime() - now.getTime()) / 1_000);
  }

  async function acceptTotp(row: TwoFactorTable, code: string): Promise<boolean> {
    const secret = await symmetricDecrypt({ key: await keyOf(), data: row.secret });
    const step = await matchTotpCode(secret, code);
    if (step === undefined) return false;
    const { numUpdatedRows } = await database
      .updateTable('twoFactor')
      .set({ lastUsedStep: step, failedVerificationCount: 0, lockedUntil: null })
      .where('id', '=', row.id)
      // A code that somebody looked at while it was typed is used up.
      .where((eb) => eb.or([eb('lastUsedStep', 'is', null), eb('lastUsedStep', '<', step)]))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async function acceptBackupCode(row: TwoFactorTable, code: string): Promise<boolean> {
    const key = await keyOf();
    const codes = z.array(z.string()).parse(JSON.parse(await symmetricDecrypt({ key, data: row.backupCodes })));
    const left = codes.filter((backupCode) => backupCode !== code);
    if (left.length === codes.length) return false;
    const { numUpdatedRows } = await database
      .updateTable('twoFactor')
      .set({ backupCodes: await symmetricEncrypt({ key, data: JSON.stringify(left) }), failedVerificationCount: 0, lockedUntil: null })
      .where('id', '=', row.id)
      // Of two who use one code at once, one gets in.
      .where('backupCodes', '=', row.backupCodes)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  return {
    /**
     * Makes a secret and backup codes, which count once a code was shown. An earlier enrolment that never was is replaced.
     *
     * @throws conflict where the user has a second factor already
     */
    async enrol({ id: userId, email }: StoredUser, issuer = defaultIssuer): Promise<{ otpauthUri: string; backupCodes: string[] }> {
      const key = await keyOf();
      const secret = generateRandomString(secretLength);
      const backupCodes = newBackupCodes();
      const sealed = {
        secret: await symmetricEncrypt({ key, data: secret }),
        backupCodes: await symmetricEncrypt({ key, data: JSON.stringify(backupCodes) }),
      };
      await database.transaction().execute(async (transaction) => {
        // Held, so that two enrolments at once leave one row.
        const user = await transaction
          .selectFrom('user')
          .select('twoFactorEnabled')
          .where('id', '=', userId)
          .forUpdate()
          .executeTakeFirst();
        if (user?.twoFactorEnabled === true) throw appErrors.conflict({ reason: 'totp_already_enabled' });
        await transaction.deleteFrom('twoFactor').where('userId', '=', userId).execute();
        const unused = { verified: false, failedVerificationCount: 0, lockedUntil: null, lastUsedStep: null };
        await transaction
          .insertInto('twoFactor')
          .values({ id: newId('mfa'), userId, ...sealed, ...unused })
          .execute();
      });
      // Form encoding writes a blank as a plus sign, which authenticators show as one.
      const otpauthUri = createOTP(secret, { digits: 6, period: 30 }).url(issuer, email).replaceAll('+', '%20');
      return { otpauthUri, backupCodes };
    },

    /**
     * Whether the code is right; a right one is used up.
     *
     * @throws rate_limit_exceeded after too many wrong ones in a row, conflict where the user has no second factor
     */
    async verify({ userId, code, client }: CodeGuess, { allowBackupCode }: { allowBackupCode: boolean }): Promise<boolean> {
      const accepted = await guard.attempt({ kind: 'code', account: userId, client: client.key }, async () => {
        const row = await beginAttempt(userId);
        if (totpForm.test(code)) return (await acceptTotp(row, code)) || undefined;
        return (allowBackupCode && (await acceptBackupCode(row, code))) || undefined;
      });
      return accepted === true;
    },

    /** Replaces the backup codes, which are shown this once. */
    async renewBackupCodes(userId: string): Promise<string[]> {
      const backupCodes = newBackupCodes();
      const sealed = await symmetricEncrypt({ key: await keyOf(), data: JSON.stringify(backupCodes) });
      await database.updateTable('twoFactor').set({ backupCodes: sealed }).where('userId', '=', userId).execute();
      return backupCodes;
    },
  };
}
