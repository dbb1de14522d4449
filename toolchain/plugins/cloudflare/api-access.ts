import type { ProviderArgs } from '@pulumi/cloudflare';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { Properties } from '../shared/wire-values.ts';
import { text } from '../shared/wire-values.ts';

/** Provider configuration of the official schema, @pulumi/cloudflare 6.22.1. */
export const configInputs = {
  apiToken: { type: 'string', secret: true },
  apiKey: { type: 'string', secret: true },
  email: { type: 'string' },
  apiUserServiceKey: { type: 'string', secret: true },
  baseUrl: { type: 'string' },
  userAgentOperatorSuffix: { type: 'string' },
} satisfies Record<keyof ProviderArgs, PropertySchema>;

/** How to reach Cloudflare's API, and as whom. */
export interface ApiAccess {
  apiToken: string | null;
  apiKey: string | null;
  email: string | null;
  userServiceKey: string | null;
  baseUrl: string;
  userAgentSuffix: string;
}

const defaultBaseUrl = 'https://api.cloudflare.com/client/v4';

/**
 * Reads the configuration; what it lacks comes from the official plugin's environment variables.
 *
 * @throws Error that says which of the ways to authenticate is missing or doubled, never with a value
 */
export function parseApiAccess(inputs: Properties, env: NodeJS.ProcessEnv = process.env): ApiAccess {
  const value = (name: string, variable: string): string | null => text(inputs[name]) || env[variable] || null;
  const access: ApiAccess = {
    apiToken: value('apiToken', 'CLOUDFLARE_API_TOKEN'),
    apiKey: value('apiKey', 'CLOUDFLARE_API_KEY'),
    email: value('email', 'CLOUDFLARE_EMAIL'),
    userServiceKey: value('apiUserServiceKey', 'CLOUDFLARE_API_USER_SERVICE_KEY'),
    baseUrl: value('baseUrl', 'CLOUDFLARE_BASE_URL') ?? defaultBaseUrl,
    userAgentSuffix: inputs['userAgentOperatorSuffix'] === undefined ? 'pulumi/6.22.1' : text(inputs['userAgentOperatorSuffix']),
  };
  const { apiToken, apiKey, email, userServiceKey } = access;
  const given = [apiToken, apiKey, userServiceKey].filter((secret) => secret !== null);
  if (given.length === 0)
    throw new Error('set cloudflare:apiToken (a secret) or CLOUDFLARE_API_TOKEN: without it Cloudflare answers nothing');
  if (given.length > 1) throw new Error('set one of apiToken, apiKey and apiUserServiceKey, not several');
  if (apiKey !== null && email === null) throw new Error('apiKey needs email');
  // In a header, anything else makes an error of Node's that has the value in it.
  if (given.some((secret) => !/^[\x21-\x7e]+$/.test(secret)))
    throw new Error('the API token must be one word without spaces or line breaks');
  if (!URL.canParse(access.baseUrl)) throw new Error('baseUrl is not a URL');
  return access;
}
