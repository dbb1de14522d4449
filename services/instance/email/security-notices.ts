import type { Log } from '../../shared/log.ts';
import type { OneTimeTokens } from '../auth/one-time-tokens.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { composeMail } from './compose-mail.ts';
import type { MailContent } from './compose-mail.ts';
import type { MailLimits } from './mail-limits.ts';
import type { ComposeMail, MailQueue } from './mail-queue.ts';

interface SecurityNoticesDeps {
  /** Null where the application has no e-mail: nobody is told then. */
  queue: MailQueue | null;
  tokens: OneTimeTokens;
  mayWrite: MailLimits;
  log: Log;
}

interface OldAddressText {
  subject: string;
  line: string;
}

/** Word to an account's owner of what was done to it, in case it was not them. */
export type SecurityNotices = ReturnType<typeof createSecurityNotices>;

/** Time to come back from a holiday. */
const undoLifetime = { seconds: 7 * 86_400, text: '7 days' };
const writeToSupport = 'If this was not you, write to the support of the application at once.';

export function createSecurityNotices({ queue, tokens, mayWrite, log }: SecurityNoticesDeps) {
  /** What it tells of is done: a queue that is full must not make it look as if it had failed. */
  function addIfRoom(compose: ComposeMail): void {
    try {
      queue?.add(compose);
    } catch (err) {
      log.warn({ err }, 'Word of a change of an account could not be sent');
    }
  }

  function notice(to: string, content: Omit<MailContent, 'to' | 'action'>): ComposeMail {
    return async () => ((await mayWrite({ kind: 'notice', address: to, client: null })) ? composeMail({ to, ...content }) : null);
  }

  /** To the old address, with a way back. An address that was never proven may be a stranger's: it gets word only. */
  function toOldAddress({ id, email, emailVerified, twoFactorEnabled }: StoredUser, { subject, line }: OldAddressText, page?: URL) {
    if (!emailVerified) return notice(email, { subject, lines: [line], footer: writeToSupport });
    return async () => {
      if (!(await mayWrite({ kind: 'notice', address: email, client: null }))) return null;
      const data = { email, twoFactorEnabled: twoFactorEnabled === true, page: page?.href };
      const { token } = await tokens.issue({ purpose: 'undo-email-change', userId: id, data, lifetimeSeconds: undoLifetime.seconds });
      return composeMail({
        to: email,
        subject,
        lines: [
          line,
          'If this was not you, use the link: the account keeps this address, everybody is signed out, and you set a new password.',
        ],
        action: { label: 'This was not me', token, page, validFor: undoLifetime.text },
        footer: 'If this was you, nothing needs to be done.',
      });
    };
  }

  return {
    /**
     * At once, when the change is asked for: before the new address is confirmed.
     *
     * @throws service_unavailable where too many mails wait: the change must not go on then
     */
    notifyChangeRequested(user: StoredUser, newEmail: string, page: URL | undefined): void {
      const line = `Your account is about to get another e-mail address, ${shortened(newEmail)}, instead of this one.`;
      queue?.add(toOldAddress(user, { subject: 'A change of your e-mail address was asked for', line }, page));
    },

    /** @param user as before the change */
    notifyEmailChanged(user: StoredUser, page: URL | undefined): void {
      const line = 'Your account has another e-mail address now. This one no longer signs in to it.';
      addIfRoom(toOldAddress(user, { subject: 'Your e-mail address was changed', line }, page));
    },

    /** After the application's backend has changed an address: word to both. */
    notifyAddressSet(oldEmail: string, newEmail: string): void {
      addIfRoom(
        notice(oldEmail, {
          subject: 'Your e-mail address was changed',
          lines: ['Your account has another e-mail address now. This one no longer signs in to it.'],
          footer: writeToSupport,
        }),
      );
      addIfRoom(
        notice(newEmail, {
          subject: 'This is now the e-mail address of an account',
          lines: ['An account was given this e-mail address.'],
          footer: 'If you do not know what this is about, write to the support of the application.',
        }),
      );
    },

    /** @param tookOver whether the account had not been proven to be this person's, so that its other ways in were removed */
    notifyProviderLinked(email: string, provider: string, { tookOver }: { tookOver: boolean }): void {
      addIfRoom(
        notice(email, {
          subject: 'A new way to sign in to your account',
          lines: [
            `Your account can now be signed in to with ${provider}.`,
            ...(tookOver ? ['Its e-mail address had not been verified before, so its earlier password and sessions were removed.'] : []),
          ],
          footer: writeToSupport,
        }),
      );
    },

    notifySecondFactor(email: string): void {
      addIfRoom(
        notice(email, {
          subject: 'Two-factor sign-in was turned on',
          lines: ['Signing in to your account now needs a code of an authenticator app as well.'],
          footer: writeToSupport,
        }),
      );
    },
  };
}

/** Enough to recognise an own address by; another's is not spread further. */
function shortened(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}…@${email.slice(at + 1)}`;
}
