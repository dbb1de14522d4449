import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { judgeText } from '../../../domain/text.ts';
import { AppError, appErrors } from '../../shared/errors.ts';
import type { GuessGuard } from '../../shared/guard/guess-guard.ts';
import type { Log } from '../../shared/log.ts';
import { emailSchema } from '../auth/field-schemas.ts';
import type { OneTimeTokens } from '../auth/one-time-tokens.ts';
import type { ClientInfo } from '../auth/session-token.ts';
import type { SignInOutcome, StartSession } from '../auth/start-session.ts';
import type { AddressAuthority } from './address-authority.ts';
import type { Identity, LinkUser } from './link-user.ts';
import { socialProviderNames } from './provider-settings.ts';
import { withTimeout } from './providers.ts';
import type { Provider, Providers } from './providers.ts';

interface SocialSignInDeps {
  providers: Providers;
  guard: GuessGuard;
  tokens: OneTimeTokens;
  linkUser: LinkUser;
  answersFor: AddressAuthority;
  startSession: StartSession;
  log: Log;
}

export interface ProviderAnswer {
  code: string;
  state: string;
  /** RFC 9207; checked where the provider's issuer is known. */
  iss?: string | undefined;
  /** Apple tells the name beside the code, once. */
  user?: { name?: { firstName?: string | undefined; lastName?: string | undefined } | undefined } | undefined;
}

/** Sign-in with Google, GitHub and so on, and with any OpenID Connect provider. */
export type SocialSignIn = ReturnType<typeof createSocialSignIn>;

/** A person chooses an account and types a password. */
const stateSeconds = 600;
const providerTimeoutMs = 10_000;

/** What is kept from the start to the end; the browser sees of it the state alone. */
const flowSchema = z.object({
  provider: z.string(),
  redirectUrl: z.string(),
  codeVerifier: z.string(),
  nonce: z.string().optional(),
});
type Flow = z.output<typeof flowSchema>;

export function createSocialSignIn(deps: SocialSignInDeps) {
  const { providers, guard, tokens, linkUser, answersFor, startSession, log } = deps;

  async function identify(provider: Provider, flow: Flow, answer: ProviderAnswer): Promise<Identity> {
    const { code, user } = answer;
    const { codeVerifier, redirectUrl } = flow;
    const obtained = await provider.validateAuthorizationCode({ code, codeVerifier, redirectURI: redirectUrl });
    if (!obtained) throw invalidCode();
    const info = await provider.getUserInfo({
      ...obtained,
      expectedIdTokenNonce: flow.nonce,
      ...(user === undefined ? {} : { user }),
    });
    if (!info) throw invalidCode();
    const accountId = String(await provider.accountSubject({ tokens: obtained, profile: info.data }));
    if (accountId === '' || accountId === 'undefined' || accountId === 'null') throw new Error('The provider gave no id of the account');
    if (judgeText(accountId) !== undefined) throw new Error('The provider gave an id of the account that can not be stored');
    const email = emailSchema.safeParse(info.user.email);
    if (!email.success) throw appErrors.forbidden('email_required');
    return {
      providerId: provider.id,
      issuer: isOidc(provider) ? (provider.issuer ?? '') : '',
      accountId,
      email: email.data.toLowerCase(),
      // Some providers say it as text.
      emailVerified: String(info.user.emailVerified) === 'true' && answersFor(provider.id, email.data),
      name: info.user.name ?? '',
      image: info.user.image ?? null,
    };
  }

  return {
    /**
     * Where to send the browser.
     *
     * @param page where the provider returns it to, which has been checked
     */
    async start(providerName: string, page: URL): Promise<string> {
      const provider = await providers.get(providerName);
      const codeVerifier = randomBytes(48).toString('base64url');
      const nonce = provider.requiresIdTokenNonce === true ? randomBytes(24).toString('base64url') : undefined;
      const flow: Flow = { provider: provider.id, redirectUrl: page.href, codeVerifier, nonce };
      const { token: state } = await tokens.issue({ purpose: 'social-state', userId: null, data: flow, lifetimeSeconds: stateSeconds });
      const url = await provider.createAuthorizationURL({ state, codeVerifier, redirectURI: page.href, idTokenNonce: nonce });
      return url.toString();
    },

    /**
     * Signs in with what the provider returned.
     *
     * @throws invalid_request for a state that is unknown, used, expired or another provider's, and for a code that the provider refuses
     */
    async finish(
      providerName: string,
      answer: ProviderAnswer,
      client: ClientInfo,
    ): Promise<SignInOutcome & { isNew: boolean; userId: string }> {
      const provider = await providers.get(providerName);
      const spent = await guard.attempt(
        { kind: 'token', account: null, client: client.key },
        async () => (await tokens.spend('social-state', answer.state)) ?? undefined,
      );
      const flow = flowSchema.safeParse(spent?.data);
      if (!flow.success || flow.data.provider !== provider.id) {
        throw appErrors.invalidRequest({ field: 'state', reason: 'is not valid or has expired' });
      }
      if (answer.iss !== undefined && provider.issuer !== undefined && answer.iss !== provider.issuer) throw invalidCode();
      const identity = await withTimeout(identify(provider, flow.data, answer), providerTimeoutMs).catch((err: unknown) => {
        if (err instanceof AppError) throw err;
        log.warn({ err, provider: provider.id }, 'Social provider refused the sign-in');
        throw invalidCode();
      });
      const { user, isNew } = await linkUser(identity);
      return { ...(await startSession(user, client)), isNew, userId: user.id };
    },
  };
}

/** The public providers have one issuer each, which no setting changes. */
function isOidc({ id }: Provider): boolean {
  return !socialProviderNames.some((name) => name === id);
}

function invalidCode(): Error {
  return appErrors.invalidRequest({ field: 'code', reason: 'was not accepted by the provider' });
}
