import { createHash } from 'node:crypto';
import { cutText } from '../../../domain/text.ts';
import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from '../auth/auth-database.ts';
import type { OneTimeTokens, TokenPurpose } from '../auth/one-time-tokens.ts';
import type { SessionCache } from '../auth/session-cache.ts';
import { isBanned } from '../auth/stored-user.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { findUserByEmail, findUserById } from '../auth/user-store.ts';
import { composeMail } from './compose-mail.ts';
import type { ComposeMail, MailQueue } from './mail-queue.ts';

interface AccountMailsDeps {
  /** Null where the application has no e-mail. */
  queue: MailQueue | null;
  database: AuthDatabase;
  tokens: OneTimeTokens;
  cache: SessionCache;
  log: Log;
}

export interface InvitationMail {
  to: string;
  organizationName: string;
  inviterName: string | undefined;
  token: string;
  page: URL | undefined;
}

/**
 * The e-mails of an account's life. Each is looked up and written in the queue, after the request was answered, so that neither the answer
 * nor its time tells whether the address is a user's.
 */
export type AccountMails = ReturnType<typeof createAccountMails>;

const resetLifetime = { seconds: 3_600, text: '1 hour' };
const verifyLifetime = { seconds: 86_400, text: '24 hours' };
/** As long as an invitation is valid (organizations/invitations.ts). */
export const invitationLifetime = { seconds: 7 * 86_400, text: '7 days' };
/** Mails of one kind to one address: somebody who did not ask for them must not be flooded. */
const mailsPerHour = 5;

export function createAccountMails({ queue, database, tokens, cache, log }: AccountMailsDeps) {
  function add(compose: ComposeMail): void {
    if (!queue) throw appErrors.conflict({ reason: 'email_not_configured' });
    queue.add(compose);
  }

  async function mayWrite(kind: string, address: string): Promise<boolean> {
    const key = `mails-${kind}-${createHash('sha256').update(address.toLowerCase()).digest('hex')}`;
    try {
      return (await cache.increment(key, 3_600)) <= mailsPerHour;
    } catch (err) {
      log.warn({ err }, 'Mails can not be counted, this one goes out');
      return true;
    }
  }

  async function issue(purpose: TokenPurpose, user: StoredUser, lifetimeSeconds: number, data = {}): Promise<string> {
    return (await tokens.issue({ purpose, userId: user.id, data, lifetimeSeconds })).token;
  }

  return {
    /** @throws conflict where the application has no e-mail */
    requireConfigured(): void {
      if (!queue) throw appErrors.conflict({ reason: 'email_not_configured' });
    },

    isConfigured: queue !== null,

    sendPasswordReset(email: string, page: URL | undefined): void {
      add(async () => {
        const user = await findUserByEmail(database, email);
        if (!user || isBanned(user) || !(await mayWrite('reset', user.email))) return null;
        const token = await issue('reset-password', user, resetLifetime.seconds, { email: user.email });
        return composeMail({
          to: user.email,
          subject: 'Set a new password',
          lines: ['A new password was asked for, for the account with this e-mail address.'],
          action: { label: 'Set a new password', token, page, validFor: resetLifetime.text },
          footer: 'If this was not you, nothing needs to be done: your password stays as it is.',
        });
      });
    },

    /** To an address that is not verified yet; one that is gets word that somebody signed up with it again, where `onSignUp`. */
    sendVerification(email: string, page: URL | undefined, { onSignUp }: { onSignUp: boolean }): void {
      add(async () => {
        const user = await findUserByEmail(database, email);
        if (!user || isBanned(user) || (user.emailVerified && !onSignUp) || !(await mayWrite('verify', user.email))) return null;
        if (user.emailVerified) {
          return composeMail({
            to: user.email,
            subject: 'You already have an account',
            lines: ['Somebody tried to sign up with this e-mail address, which already has an account. You can sign in with it.'],
            footer: 'If this was not you, nothing needs to be done: nothing has changed.',
          });
        }
        const token = await issue('verify-email', user, verifyLifetime.seconds, { email: user.email });
        return composeMail({
          to: user.email,
          subject: 'Verify your e-mail address',
          lines: ['An account was made with this e-mail address.'],
          action: { label: 'Verify your e-mail address', token, page, validFor: verifyLifetime.text },
          footer: 'If this was not you, do nothing: the address will not be verified.',
        });
      });
    },

    /** To the new address; where that has an account already, it gets word of the attempt instead. */
    sendEmailChange(userId: string, newEmail: string, page: URL | undefined): void {
      add(async () => {
        const user = await findUserById(database, userId);
        if (!user || !(await mayWrite('change', newEmail))) return null;
        if (await findUserByEmail(database, newEmail)) {
          return composeMail({
            to: newEmail,
            subject: 'You already have an account',
            lines: ['Somebody wanted to use this e-mail address for their account. It already has an account.'],
            footer: 'If this was not you, nothing needs to be done: nothing has changed.',
          });
        }
        const token = await issue('change-email', user, verifyLifetime.seconds, { email: user.email, newEmail: newEmail.toLowerCase() });
        return composeMail({
          to: newEmail,
          subject: 'Confirm your new e-mail address',
          lines: ['This e-mail address is to become that of an account.'],
          action: { label: 'Confirm the new address', token, page, validFor: verifyLifetime.text },
          footer: 'If this was not you, do nothing: the account keeps its address.',
        });
      });
    },

    /** To the address that an account had, so that its owner learns of a change they did not make. */
    notifyEmailChanged(oldEmail: string): void {
      if (!queue) return;
      add(() =>
        Promise.resolve(
          composeMail({
            to: oldEmail,
            subject: 'Your e-mail address was changed',
            lines: ['Your account has another e-mail address now. This one no longer signs in to it.'],
            footer: 'If this was not you, write to the support of the application at once.',
          }),
        ),
      );
    },

    sendInvitation({ to, organizationName, inviterName, token, page }: InvitationMail): void {
      add(async () => {
        if (!(await mayWrite('invitation', to))) return null;
        const organization = plainName(organizationName);
        const inviter = inviterName === undefined ? 'You are' : `${plainName(inviterName)} has`;
        return composeMail({
          to,
          subject: `Invitation to ${organization}`,
          lines: [
            inviterName === undefined ? `${inviter} invited to join ${organization}.` : `${inviter} invited you to join ${organization}.`,
          ],
          action: { label: 'See the invitation', token, page, validFor: invitationLifetime.text },
          footer: 'If you do not know what this is about, do nothing.',
        });
      });
    },
  };
}

const maxNameLength = 60;

/** A name that people chose: no mail program may find an address of a site in it, and it can't end the line. */
function plainName(name: string): string {
  const plain = name
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/(?<![:/\\@.])[:/\\@.]+(?=\S)/g, ' ')
    .trim();
  return cutText(plain, maxNameLength) || 'an organization';
}
