import { socialProviderNames } from './provider-settings.ts';
import type { ProviderSettings } from './provider-settings.ts';

/**
 * Whether a provider's word counts that an address is proven. The word signs its bearer in to whatever account has the address, so it counts
 * only for addresses that the provider answers for.
 */
export type AddressAuthority = (provider: string, email: string) => boolean;

/** Every domain, for a provider that is the only source of an application's users. */
const anyDomain = '*';

/**
 * `domains` of the provider's settings decide. Without them an OIDC provider answers for no address: its operator can put any address in a
 * token. The public providers send a mail to an address before they call it verified, so they answer for all; Microsoft does not, and an
 * administrator of any of its customers chooses addresses freely.
 */
export function createAddressAuthority({ social, oidc }: ProviderSettings): AddressAuthority {
  const domains = new Map(
    Object.entries({ ...oidc, ...social }).map(([name, settings]) => [name, settings.domains ?? defaultDomains(name)]),
  );
  return (provider, email) => {
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return domains.get(provider)?.some((answeredFor) => answeredFor === anyDomain || answeredFor === domain) === true;
  };
}

function defaultDomains(name: string): readonly string[] {
  return name !== 'microsoft' && socialProviderNames.some((social) => social === name) ? [anyDomain] : [];
}
