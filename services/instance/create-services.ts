import { createGuessGuard } from '../shared/guard/guess-guard.ts';
import { createHashingGate } from '../shared/guard/hashing-gate.ts';
import type { InstanceDeps } from './create-app.ts';
import { createAccessTokens } from './auth/access-tokens.ts';
import { createAuth } from './auth/create-auth.ts';
import { createDeleteOwnAccount } from './auth/delete-own-account.ts';
import { createEmailVerification } from './auth/email-verification.ts';
import { createEraseUser } from './auth/erase-user.ts';
import { createExportUser } from './auth/export-user.ts';
import { createConfirmPresence } from './auth/fresh-sign-in.ts';
import { createImportUsers } from './auth/import-users.ts';
import { createOneTimeTokens } from './auth/one-time-tokens.ts';
import { createPasswords } from './auth/passwords.ts';
import { comparisonsOf, createPendingSignUps } from './auth/pending-sign-ups.ts';
import { createProveAddress } from './auth/prove-address.ts';
import { createRefusalTime } from './auth/refusal-time.ts';
import { createSecondFactor } from './auth/second-factor.ts';
import { createSessionStore } from './auth/session-store.ts';
import { sessionTimes } from './auth/session-times.ts';
import { createSessions } from './auth/sessions.ts';
import { createSignIn } from './auth/sign-in.ts';
import { createSignUp } from './auth/sign-up.ts';
import { createStartSession } from './auth/start-session.ts';
import { createTotp } from './auth/totp.ts';
import { createUndoEmailChange } from './auth/undo-email-change.ts';
import { createUserChanges } from './auth/user-changes.ts';
import { createUsers } from './auth/users.ts';
import { createAccountMails } from './email/account-mails.ts';
import { createMailLimits } from './email/mail-limits.ts';
import type { MailQueue } from './email/mail-queue.ts';
import { createSecurityNotices } from './email/security-notices.ts';
import { createInvitations } from './organizations/invitations.ts';
import { createMembers } from './organizations/members.ts';
import { createOrganizationLimits } from './organizations/organization-limits.ts';
import { createOrganizations } from './organizations/organizations.ts';
import { createAddressAuthority } from './social/address-authority.ts';
import { createLinkUser } from './social/link-user.ts';
import { createProviders } from './social/providers.ts';
import { createSocialSignIn } from './social/social-sign-in.ts';

type ServiceDeps = Pick<InstanceDeps, 'appId' | 'settings' | 'database' | 'hasher' | 'hashingConcurrency' | 'cache' | 'log'> &
  Pick<InstanceDeps, 'guessStore' | 'guessPolicies' | 'metrics'> & { mailQueue: MailQueue | null };

export type Services = ReturnType<typeof createServices>;

/** Everything that routes call, each with what it needs. */
export function createServices(deps: ServiceDeps) {
  const { appId, settings, database, hasher, hashingConcurrency, cache, guessStore, guessPolicies, metrics, mailQueue, log } = deps;
  const { emailVerificationRequired, mailsPerHour, publicUrl, providers: providerSettings } = settings;
  const auth = createAuth({ database, settings, log });
  const guard = createGuessGuard({ store: guessStore, secret: settings.secret, policies: guessPolicies, onEnd: metrics.guessEnded });
  const gate = createHashingGate({ concurrency: hashingConcurrency });
  const refusalTime = createRefusalTime({ database, hasher, comparisons: comparisonsOf({ emailVerificationRequired }), log });
  const tokens = createOneTimeTokens(database);
  const pendingSignUps = createPendingSignUps({ database, tokens, hasher });
  const mayWrite = createMailLimits({ cache, perHour: mailsPerHour, log });
  const mails = createAccountMails({ queue: mailQueue, database, tokens, pendingSignUps, mayWrite });
  const notices = createSecurityNotices({ queue: mailQueue, tokens, mayWrite, log });
  const changes = createUserChanges({ database, cache });
  const times = sessionTimes(settings);
  const store = createSessionStore({ database, cache, lifetimeSeconds: times.lifetimeSeconds });
  const sessions = createSessions({ database, store, times });
  const startSession = createStartSession({ database, sessions, tokens });
  const passwords = createPasswords({ database, guard, gate, hasher, sessions, tokens, mails });
  const confirmPresence = createConfirmPresence(passwords);
  const eraseUser = createEraseUser({ database, store });
  const proveAddress = createProveAddress({ database, tokens, pendingSignUps, changes, sessions });
  const undoEmailChange = createUndoEmailChange({ database, tokens, mails, changes, sessions, store });
  const linkUser = createLinkUser({ database, proveAddress, notices, emailVerificationRequired });
  const answersFor = createAddressAuthority(providerSettings);
  const organizationLimits = createOrganizationLimits({ cache, log });
  const providers = createProviders({ auth, settings: providerSettings, log });

  return {
    sessions,
    mails,
    passwords,
    changes,
    confirmPresence,
    signUp: createSignUp({ database, gate, hasher, sessions, pendingSignUps, emailVerificationRequired }),
    signIn: createSignIn({ database, guard, gate, hasher, refusalTime, startSession, pendingSignUps, emailVerificationRequired, log }),
    verification: createEmailVerification({ database, guard, tokens, mails, notices, changes, proveAddress, undoEmailChange }),
    totp: createTotp({
      database,
      guard,
      confirmPresence,
      notices,
      sessions,
      tokens,
      changes,
      secondFactor: createSecondFactor({ auth, database, guard }),
    }),
    social: createSocialSignIn({ providers, guard, tokens, linkUser, answersFor, startSession, log }),
    accessTokens: createAccessTokens({ auth, issuer: publicUrl ?? `urn:authsome:${appId}`, audience: appId }),
    users: createUsers({ database, gate, hasher, sessions, changes, eraseUser, tokens, pendingSignUps, proveAddress, notices }),
    importUsers: createImportUsers({ database, refusalTime, log }),
    exportUser: createExportUser(database),
    deleteOwnAccount: createDeleteOwnAccount({ database, confirmPresence, eraseUser }),
    organizations: createOrganizations({ database, limits: organizationLimits }),
    members: createMembers(database),
    invitations: createInvitations({ database, guard, mails, limits: organizationLimits }),
  };
}
