import type { BetterAuthOptions } from 'better-auth';
import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Auth } from '../auth/create-auth.ts';
import type { ProviderSettings, SocialProviderName } from './provider-settings.ts';

type AuthContext = Awaited<Auth['$context']>;
/** better-auth's object that speaks one provider's protocol. */
export type Provider = AuthContext['socialProviders'][number];

export interface Providers {
  /** @throws not_found where none of this name is set up, service_unavailable where an OIDC provider can't be reached */
  get(name: string): Promise<Provider>;
}

/** Discovery of an OIDC provider is one small document. */
const discoveryTimeoutMs = 10_000;

/** Settings as better-auth's options want them. */
export function socialProviderOptions({ social }: ProviderSettings): NonNullable<BetterAuthOptions['socialProviders']> {
  const clients = Object.entries(social).map(([name, { clientId, clientSecret }]) => [name, { clientId, clientSecret }] as const);
  const { microsoft, ...others } = Object.fromEntries(clients) as Partial<Record<SocialProviderName, (typeof clients)[number][1]>>;
  // Its photo would be in the user's row, and so in every cached session, as the picture itself.
  return { ...others, ...(microsoft === undefined ? {} : { microsoft: { ...microsoft, disableProfilePhoto: true } }) };
}

/**
 * The application's providers. An OIDC provider's addresses are looked up at its first use: better-auth's plugin would do so at the start,
 * which must not wait for anybody else's server.
 */
export function createProviders({ auth, settings, log }: { auth: Auth; settings: ProviderSettings; log: Log }): Providers {
  const discovered = new Map<string, Promise<Provider>>();

  async function discover(name: string): Promise<Provider> {
    const config = Object.hasOwn(settings.oidc, name) ? settings.oidc[name] : undefined;
    if (config === undefined) throw appErrors.notFound('provider');
    const { genericOAuth } = await import('better-auth/plugins/generic-oauth');
    const plugin = genericOAuth({
      config: [
        {
          providerId: name,
          discoveryUrl: `${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          clientId: config.clientId,
          clientSecret: config.clientSecret,
          scopes: ['openid', 'email', 'profile'],
          pkce: true,
          requireIdTokenVerification: true,
        },
      ],
    });
    // The context's type is bound to our options; the plugin wants it of any options, and reads from it the logger alone.
    const authContext = (await auth.$context) as unknown as Parameters<typeof plugin.init>[0];
    const { context } = await withTimeout(plugin.init(authContext), discoveryTimeoutMs);
    const provider = context.socialProviders.find(({ id }) => id === name);
    // OpenID Connect Discovery, 4.3: a document that speaks for another issuer is not to be used.
    if (provider?.issuer === undefined || withoutSlash(provider.issuer) !== withoutSlash(config.issuer)) {
      log.warn({ provider: name }, 'OIDC provider could not be discovered');
      throw appErrors.unavailable('upstream');
    }
    return provider;
  }

  return {
    async get(name) {
      const social = (await auth.$context).socialProviders.find(({ id }) => id === name);
      if (social) return social;
      let provider = discovered.get(name);
      if (!provider) {
        provider = discover(name);
        discovered.set(name, provider);
        // Tried again at the next request.
        provider.catch(() => discovered.delete(name));
      }
      return provider;
    },
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** @throws service_unavailable after the time. The work itself goes on: better-auth's requests can't be aborted. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(appErrors.unavailable('upstream')), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
