import { createHash } from 'node:crypto';
import type { Log } from '../../shared/log.ts';
import type { SessionCache } from '../auth/session-cache.ts';

export type MailKind = 'reset' | 'signup' | 'verify' | 'change' | 'invitation' | 'notice';

interface MailLimitsDeps {
  cache: SessionCache;
  /** Mails of the whole application in an hour. */
  perHour: number;
  log: Log;
}

/** Whether one more mail may go out. A recipient who did not ask for mails must not be flooded, nor the owner's domain be misused for it. */
export type MailLimits = (kind: MailKind, address: string) => Promise<boolean>;

const hourSeconds = 3_600;
const daySeconds = 86_400;
/** Mails of one kind to one address. By kind, so that a stranger's sign-ups cannot use up the owner's way to a new password. */
const perAddressAndHour = 5;
const perAddressAndDay = 20;

export function createMailLimits({ cache, perHour, log }: MailLimitsDeps): MailLimits {
  return async (kind, address) => {
    const addressHash = createHash('sha256').update(address.toLowerCase()).digest('hex');
    try {
      if ((await cache.increment(`mails-${kind}-${addressHash}`, hourSeconds)) > perAddressAndHour) return false;
      if ((await cache.increment(`mails-day-${kind}-${addressHash}`, daySeconds)) > perAddressAndDay) return false;
      const ofApplication = await cache.increment('mails-all', hourSeconds);
      if (ofApplication === perHour + 1) log.warn({ perHour }, 'The application has sent as many mails as it may in an hour');
      return ofApplication <= perHour;
    } catch (err) {
      log.warn({ err }, 'Mails cannot be counted, this one goes out');
      return true;
    }
  };
}
