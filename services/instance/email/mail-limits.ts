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
export type MailLimits = (mail: LimitedMail) => Promise<boolean>;

export interface LimitedMail {
  kind: MailKind;
  address: string;
  /** Who asked without a session, as `clientKey` names them. Null: nobody did, or it was a customer's server. */
  client: string | null;
}

const hourSeconds = 3_600;
const daySeconds = 86_400;
/** Mails of one kind to one address. By kind, so that a stranger's sign-ups cannot use up the owner's way to a new password. */
const perAddressAndHour = 5;
const perAddressAndDay = 20;
/** Mails that one client causes without a session: enough for the people behind one address. */
const perClientAndHour = 30;
/** What all kinds but those for owners may use of the application's mails, so that a flood of sign-ups does not silence the others. */
const ordinaryShare = 0.8;
const kindsForOwners: readonly MailKind[] = ['reset', 'notice'];

export function createMailLimits({ cache, perHour, log }: MailLimitsDeps): MailLimits {
  const ordinaryPerHour = Math.ceil(perHour * ordinaryShare);

  async function isWithin(name: string, max: number): Promise<boolean> {
    const count = await cache.increment(name, hourSeconds);
    if (count === max + 1) log.warn({ limit: name, max }, 'The application has sent as many mails as it may in an hour');
    return count <= max;
  }

  return async ({ kind, address, client }) => {
    const addressHash = hash(address.toLowerCase());
    try {
      // First: what a client may not cause must not use up what others may.
      if (client !== null && (await cache.increment(`mails-client-${hash(client)}`, hourSeconds)) > perClientAndHour) return false;
      if ((await cache.increment(`mails-${kind}-${addressHash}`, hourSeconds)) > perAddressAndHour) return false;
      if ((await cache.increment(`mails-day-${kind}-${addressHash}`, daySeconds)) > perAddressAndDay) return false;
      // Before the count of all, which refused ones must not use up.
      if (!kindsForOwners.includes(kind) && !(await isWithin('mails-ordinary', ordinaryPerHour))) return false;
      return await isWithin('mails-all', perHour);
    } catch (err) {
      log.warn({ err }, 'Mails cannot be counted, this one goes out');
      return true;
    }
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
