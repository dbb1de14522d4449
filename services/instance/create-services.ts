import { createGuessGuard } from '../shared/guard/guess-guard.ts';
import { createHashingGate } from '../shared/guard/hashing-gate.ts';
import type { InstanceDeps } from './create-app.ts';
import { createAccessTokens } from './auth/access-tokens.ts';
import { createAuth, refreshAfterSeconds } from './auth/create-auth.ts';
import { createDeleteOwnAccount } from './auth/delete-own-account.ts';
import { createEmailVerification } from './auth/email-verification.ts';
import { createEraseUser } from './auth/erase-user.ts';
import { createExportUser } from './auth/export-user.ts';
import { createImportUsers } from './auth/import-users.ts';
import { createOneTimeTokens } from './auth/one-time-tokens.ts';
import { createPasswords } from './auth/passwords.ts';
import { createRefusalTime } from './auth/refusal-time.ts';
import { createSecondFactor } from './auth/second-factor.ts';
import { createSessions } from './auth/sessions.ts';
import { createSignIn } from './auth/sign-in.ts';
import { createSignUp } from './auth/sign-up.ts';
import { createStartSession } from './auth/start-session.ts';
import { createTotp } from './auth/totp.ts';
import { createUserChanges } from './auth/user-changes.ts';
import { createUsers } from './auth/users.ts';
import { createAccountMails } from './email/account-mails.ts';
import type { MailQueue } from './email/mail-queue.ts';
import { createInvitations } from './organizations/invitations.ts';
import { createMembers } from './organizations/members.ts';
import { createOrganizations } from './organizations/organizations.ts';
import { createLinkUser } from './social/link-user.ts';
import { createProviders } from './social/providers.ts';
import { createSocialSignIn } from './social/social-sign-in.ts';

type ServiceDeps = Pick<InstanceDeps, 'appId' | 'settings' | 'database' | 'hasher' | 'hashingConcurrency' | 'cache' | 'log'> &
  Pick<InstanceDeps, 'guessStore' | 'guessPolicies' | 'metrics'> & { mailQueue: MailQueue | null };

export type Services = ReturnType<typeof createServices>;

/** Everything that routes call, each with what it needs. */
export function createServices(deps: ServiceDeps) {
  const { appId, settings, database, hasher, hashingConcurrency, cache, guessStore, guessPolicies, metrics, mailQueue, log } = deps;
  const { emailVerificationRequired, sessionTimeoutSeconds: timeoutSeconds, publicUrl, providers: providerSettings } = settings;
  const auth = createAuth({ database, cache, hasher, settings, log });
  const guard = createGuessGuard({ store: guessStore, secret: settings.secret, policies: guessPolicies, onEnd: metrics.guessEnded });
  const gate = createHashingGate({ concurrency: hashingConcurrency });
  const refusalTime = createRefusalTime({ database, hasher, log });
  const tokens = createOneTimeTokens(database);
  const mails = createAccountMails({ queue: mailQueue, database, tokens, cache, log });
  const changes = createUserChanges({ database, cache });
  const sessions = createSessions({ auth, database, cache, timeoutSeconds, refreshAfterSeconds: refreshAfterSeconds(settings) });
  const startSession = createStartSession({ sessions, tokens });
  const passwords = createPasswords({ database, guard, gate, hasher, sessions, tokens, mails });
  const eraseUser = createEraseUser({ auth, database, cache });
  const linkUser = createLinkUser({ database, emailVerificationRequired });
  const providers = createProviders({ auth, settings: providerSettings, log });

  return {
    sessions,
    mails,
    passwords,
    changes,
    signUp: createSignUp({ auth, database, gate }),
    signIn: createSignIn({ database, guard, gate, hasher, refusalTime, startSession, emailVerificationRequired, log }),
    verification: createEmailVerification({ database, guard, tokens, mails, changes }),
    totp: createTotp({
      auth,
      database,
      guard,
      gate,
      sessions,
      tokens,
      changes,
      secondFactor: createSecondFactor({ auth, database, guard }),
    }),
    social: createSocialSignIn({ providers, guard, tokens, linkUser, startSession, log }),
    accessTokens: createAccessTokens({ auth, issuer: publicUrl ?? `urn:authsome:${appId}`, audience: appId }),
    users: createUsers({ database, gate, hasher, sessions, changes, eraseUser }),
    importUsers: createImportUsers({ database, refusalTime, log }),
    exportUser: createExportUser(database),
    deleteOwnAccount: createDeleteOwnAccount({ database, passwords, eraseUser }),
    organizations: createOrganizations(database),
    members: createMembers(database),
    invitations: createInvitations({ database, guard, mails }),
  };
}
