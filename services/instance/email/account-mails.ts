import { cutText } from '../../../domain/text.ts';
import { appErrors } from '../../shared/errors.ts';
import type { AuthDatabase } from '../auth/auth-database.ts';
import type { OneTimeTokens, TokenPurpose } from '../auth/one-time-tokens.ts';
import type { Consent, PendingSignUps } from '../auth/pending-sign-ups.ts';
import { isBanned } from '../auth/stored-user.ts';
import type { StoredUser } from '../auth/stored-user.ts';
import { findUserByEmail, findUserById } from '../auth/user-store.ts';
import { composeMail } from './compose-mail.ts';
import type { MailContent } from './compose-mail.ts';
import type { MailLimits } from './mail-limits.ts';
import type { ComposeMail, MailQueue } from './mail-queue.ts';

interface AccountMailsDeps {
  /** Null where the application has no e-mail. */
  queue: MailQueue | null;
  database: AuthDatabase;
  tokens: OneTimeTokens;
  pendingSignUps: PendingSignUps;
  mayWrite: MailLimits;
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

export function createAccountMails({ queue, database, tokens, pendingSignUps, mayWrite }: AccountMailsDeps) {
  function add(compose: ComposeMail): void {
    if (!queue) throw appErrors.conflict({ reason: 'email_not_configured' });
    queue.add(compose);
  }

  async function issue(purpose: TokenPurpose, user: StoredUser, lifetimeSeconds: number, data = {}): Promise<string> {
    return (await tokens.issue({ purpose, userId: user.id, data, lifetimeSeconds })).token;
  }

  async function verificationMail(
    user: StoredUser,
    consent: Consent,
    content: Pick<MailContent, 'lines' | 'footer'>,
    page: URL | undefined,
  ) {
    const token = await issue('verify-email', user, verifyLifetime.seconds, { email: user.email, consent });
    const action = { label: 'Verify your e-mail address', token, page, validFor: verifyLifetime.text };
    return composeMail({ to: user.email, subject: 'Verify your e-mail address', ...content, action });
  }

  return {
    /** @throws conflict where the application has no e-mail */
    requireConfigured(): void {
      if (!queue) throw appErrors.conflict({ reason: 'email_not_configured' });
    },

    isConfigured: queue !== null,

    /** @param client who asked (`LimitedMail`) */
    sendPasswordReset(email: string, page: URL | undefined, client: string | null): void {
      add(async () => {
        const user = await findUserByEmail(database, email);
        if (!user || isBanned(user) || !(await mayWrite({ kind: 'reset', address: user.email, client }))) return null;
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

    /**
     * After a sign-up whose address must be verified. The link consents to the password of this sign-up. Where the address is verified
     * already, its owner gets word instead.
     *
     * @param pendingId null where the sign-up was not kept: no mail then
     * @param client who signed up (`LimitedMail`)
     */
    sendSignUp(email: string, page: URL | undefined, { pendingId, client }: { pendingId: string | null; client: string | null }): void {
      add(async () => {
        const user = await findUserByEmail(database, email);
        if (!user || isBanned(user) || pendingId === null) return null;
        if (!(await mayWrite({ kind: 'signup', address: user.email, client }))) return null;
        if (user.emailVerified) {
          return composeMail({
            to: user.email,
            subject: 'You already have an account',
            lines: ['Somebody tried to sign up with this e-mail address, which already has an account. You can sign in with it.'],
            footer: 'If this was not you, nothing needs to be done: nothing has changed.',
          });
        }
        const isContested = (await pendingSignUps.consentOf(user.id)).kind === 'contested';
        const lines = isContested
          ? [
              'An account is being made with this e-mail address, and not for the first time.',
              'Every sign-up got a mail like this one. Use the link only if you have just signed up: it sets the password that was chosen then.',
            ]
          : ['An account was made with this e-mail address.'];
        const footer = 'If this was not you, do nothing: the address will not be verified.';
        return verificationMail(user, { kind: 'sign-up', id: pendingId }, { lines, footer }, page);
      });
    },

    /** On request, to an address that is not verified yet. */
    sendVerification(email: string, page: URL | undefined, client: string | null): void {
      add(async () => {
        const user = await findUserByEmail(database, email);
        if (!user || isBanned(user) || user.emailVerified) return null;
        if (!(await mayWrite({ kind: 'verify', address: user.email, client }))) return null;
        const consent = await pendingSignUps.consentOf(user.id);
        const lines = ['An account was made with this e-mail address.'];
        if (consent.kind === 'contested') {
          lines.push(
            'Several sign-ups were made with it, perhaps not all by you, so none of their passwords will count. Set one with “forgot password”.',
          );
        }
        const footer = 'If this was not you, do nothing: the address will not be verified.';
        return verificationMail(user, consent, { lines, footer }, page);
      });
    },

    /** To the new address; where that has an account already, it gets word of the attempt instead. */
    sendEmailChange(userId: string, newEmail: string, page: URL | undefined): void {
      add(async () => {
        const user = await findUserById(database, userId);
        if (!user || !(await mayWrite({ kind: 'change', address: newEmail, client: null }))) return null;
        if (await findUserByEmail(database, newEmail)) {
          return composeMail({
            to: newEmail,
            subject: 'You already have an account',
            lines: ['Somebody wanted to use this e-mail address for their account. It already has an account.'],
            footer: 'If this was not you, nothing needs to be done: nothing has changed.',
          });
        }
        const data = { email: user.email, newEmail: newEmail.toLowerCase(), page: page?.href };
        const token = await issue('change-email', user, verifyLifetime.seconds, data);
        return composeMail({
          to: newEmail,
          subject: 'Confirm your new e-mail address',
          lines: ['This e-mail address is to become that of an account.'],
          action: { label: 'Confirm the new address', token, page, validFor: verifyLifetime.text },
          footer: 'If this was not you, do nothing: the account keeps its address.',
        });
      });
    },

    sendInvitation({ to, organizationName, inviterName, token, page }: InvitationMail): void {
      add(async () => {
        if (!(await mayWrite({ kind: 'invitation', address: to, client: null }))) return null;
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
