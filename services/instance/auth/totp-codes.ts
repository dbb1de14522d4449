import { createOTP } from '@better-auth/utils/otp';

const periodSeconds = 30;
/** Clocks of phones are off, and codes are typed at the end of their time: the step before and the one after count (RFC 6238, 5.2). */
const toleratedSteps = [0, -1, 1];

/** @returns the time step whose code this is, or undefined where it is none of the present */
export async function matchTotpCode(secret: string, code: string, now = Date.now()): Promise<number | undefined> {
  const present = Math.floor(now / 1_000 / periodSeconds);
  const otp = createOTP(secret, { period: periodSeconds });
  let matched: number | undefined;
  for (const offset of toleratedSteps) {
    // Six digits, most of them wrong and few tries: a comparison's time gives nothing away.
    if ((await otp.hotp(present + offset)) === code) matched ??= present + offset;
  }
  return matched;
}
